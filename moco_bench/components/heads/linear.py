"""The head of MoCo."""

from typing import ClassVar, Literal

from moco_bench.components.heads.base import Head
from moco_bench.components.types import Module, NormLayer


class Linear(Head):
    """One layer."""

    source: ClassVar[str] = "MoCo (He et al. 2020, arXiv 1911.05722)"
    cost: ClassVar[str] = "one matmul"

    head: Literal["linear"] = "linear"

    def build(self, features: int, dimension: int, norm_layer: NormLayer) -> Module:
        from torch import nn

        return nn.Linear(features, dimension)
