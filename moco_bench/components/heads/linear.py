"""The head of MoCo."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from moco_bench.components.heads.base import Head

if TYPE_CHECKING:
    from torch import nn

    from moco_bench.components.backbones.base import NormLayer


class Linear(Head):
    """One layer."""

    source: ClassVar[str] = "MoCo (He et al. 2020, arXiv 1911.05722)"
    cost: ClassVar[str] = "one matmul"

    head: Literal["linear"] = "linear"

    def build(self, features: int, dimension: int, norm_layer: NormLayer) -> nn.Module:
        from torch import nn

        return nn.Linear(features, dimension)
