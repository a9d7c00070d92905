"""Negatives that weigh more the harder they are."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Negatives


class Soft(Negatives):
    """Weighs each key by e^(power * similarity)."""

    source: ClassVar[str] = "my notebook, page 12"
    cost: ClassVar[str] = "a product for each pair"

    rule: Literal["soft"] = "soft"
    power: float = Field(1.0, ge=0, description="0 is MoCo.")

    def log_weight(self, similarity, temperature):
        """The logarithm of a pair's weight."""
        return self.power * similarity
