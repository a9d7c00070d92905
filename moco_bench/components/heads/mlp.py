"""Heads of two layers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moco_bench.components.heads.base import Head
from moco_bench.components.types import Module, NormLayer

Hidden = Annotated[int, Field(ge=2, le=16384)]


class Mlp(Head):
    """Two layers with a ReLU between them, without BatchNorm."""

    source: ClassVar[str] = "MoCo v2 (Chen et al. 2020, arXiv 2003.04297)"
    cost: ClassVar[str] = "two matmuls"

    head: Literal["mlp"] = "mlp"
    hidden: Hidden | None = Field(None, description="Hidden units; by default as many as the backbone's features.")

    def build(self, features: int, dimension: int, norm_layer: NormLayer) -> Module:
        from torch import nn

        hidden = features if self.hidden is None else self.hidden
        return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, dimension))


class MlpWithBatchNorm(Head):
    """Two layers, each followed by BatchNorm.

    BatchNorm at the end takes away the mean embedding, which at initialisation is most of every embedding: training
    doesn't spend its first epochs on pulling the embeddings apart.
    """

    source: ClassVar[str] = "MoCo v3 (Chen et al. 2021, arXiv 2104.02057), which has three layers"
    cost: ClassVar[str] = "two matmuls"

    head: Literal["mlp-bn"] = "mlp-bn"
    hidden: Hidden | None = Field(None, description="Hidden units; by default as many as the backbone's features.")

    def build(self, features: int, dimension: int, norm_layer: NormLayer) -> Module:
        from torch import nn

        hidden = features if self.hidden is None else self.hidden
        return nn.Sequential(
            nn.Linear(features, hidden, bias=False),
            _vector_norm(hidden, norm_layer),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, dimension, bias=False),
            _vector_norm(dimension, norm_layer),
        )


def _vector_norm(length: int, norm_layer: NormLayer) -> Module:
    """The encoder's normalisation for vectors [B, length], which it takes for images of one pixel."""
    from torch import nn

    return nn.Sequential(nn.Unflatten(1, (length, 1, 1)), norm_layer(length), nn.Flatten())
