"""A ring of ranks: neither the hardest keys nor the easy ones."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from moco_bench.components.base import Fraction
from moco_bench.components.negatives.base import Selection
from moco_bench.components.ranks import Ranks


class Band(Selection):
    """Keep the ranks [inner, outer) by similarity, as parts of the queue (ring). At least one key is kept."""

    source: ClassVar[str] = "Wu et al. 2021 (arXiv 2010.02037), without its annealing"
    cost: ClassVar[str] = "two thresholds for each anchor: two more passes over the similarities"

    rule: Literal["band"] = "band"
    inner: float = Field(0.01, ge=0, lt=1, description="Where the band begins; 0 is the most similar key.")
    outer: Fraction = Field(0.1, description="Where the band ends.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.inner >= self.outer:
            raise ValueError(f"`inner` {self.inner} must be below `outer` {self.outer}")
        return self

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        first = min(round(self.inner * queue_size), queue_size - 1)
        return Ranks(first=first, last=max(first + 1, round(self.outer * queue_size)))
