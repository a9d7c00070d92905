"""Projection heads by name: features [B, F] become embeddings [B, D], not normalised.

A new head is a function with the signature of `HeadBuilder` and a line in `HEADS`.
"""

from collections.abc import Callable

from torch import nn

from moco_bench.models.backbones import NormLayer

HeadBuilder = Callable[[int, int, int, NormLayer], nn.Module]


def _linear(features: int, hidden: int, dimension: int, norm_layer: NormLayer) -> nn.Module:
    """One layer: MoCo (1911.05722)."""
    del hidden, norm_layer
    return nn.Linear(features, dimension)


def _mlp(features: int, hidden: int, dimension: int, norm_layer: NormLayer) -> nn.Module:
    """Two layers and a ReLU, no BatchNorm: MoCo v2 (2003.04297)."""
    del norm_layer
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, dimension))


def _mlp_bn(features: int, hidden: int, dimension: int, norm_layer: NormLayer) -> nn.Module:
    """Two layers, each followed by BatchNorm: MoCo v3 (2104.02057, section 3), with two layers for its three.

    BatchNorm at the end takes away the mean embedding, which at initialisation is most of every embedding: training
    doesn't spend its first epochs on pulling the embeddings apart.
    """
    return nn.Sequential(
        nn.Linear(features, hidden, bias=False),
        _vector_norm(hidden, norm_layer),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, dimension, bias=False),
        _vector_norm(dimension, norm_layer),
    )


def _vector_norm(length: int, norm_layer: NormLayer) -> nn.Module:
    """The encoder's normalisation for vectors [B, length], which it takes for images of one pixel."""
    return nn.Sequential(nn.Unflatten(1, (length, 1, 1)), norm_layer(length), nn.Flatten())


HEADS: dict[str, HeadBuilder] = {"linear": _linear, "mlp": _mlp, "mlp-bn": _mlp_bn}
