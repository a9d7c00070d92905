"""Projection heads by name: features [B, F] become embeddings [B, D], not normalised.

A new head is a function with the signature of `HeadBuilder` and a line in `HEADS`.
"""

from collections.abc import Callable

from torch import nn

HeadBuilder = Callable[[int, int, int], nn.Module]


def _linear(features: int, hidden: int, dimension: int) -> nn.Module:
    """One layer: MoCo (1911.05722)."""
    del hidden
    return nn.Linear(features, dimension)


def _mlp(features: int, hidden: int, dimension: int) -> nn.Module:
    """Two layers and a ReLU, no BatchNorm: MoCo v2 (2003.04297)."""
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, dimension))


HEADS: dict[str, HeadBuilder] = {"linear": _linear, "mlp": _mlp}
