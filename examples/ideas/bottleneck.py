"""A narrow projection head."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Head


class Bottleneck(Head):
    """Three layers, the one in the middle narrow."""

    source: ClassVar[str] = "my notebook, page 14"
    cost: ClassVar[str] = "three matmuls"

    head: Literal["bottleneck"] = "bottleneck"
    narrow: int = Field(16, ge=1, description="Units in the middle.")

    def build(self, features, dimension, norm_layer):
        """From features [B, F] to embeddings [B, D]."""
        from torch import nn

        return nn.Sequential(
            nn.Linear(features, features), nn.ReLU(), nn.Linear(features, self.narrow), nn.ReLU(),
            nn.Linear(self.narrow, dimension),
        )  # fmt: skip
