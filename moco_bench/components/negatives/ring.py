"""Ring: a band of ranks that narrows during training."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from moco_bench.components.base import Fraction
from moco_bench.components.negatives.base import Negatives
from moco_bench.components.ranks import Ranks


class Ring(Negatives):
    """Keep the ranks [inner, u) by similarity, as parts of the queue; u falls from `start` to `outer` over a training.

    At progress p it is u = start + (outer - start) p. At least one key is kept.
    """

    source: ClassVar[str] = "Wu et al. 2021 (arXiv 2010.02037), with its annealing"
    cost: ClassVar[str] = "two thresholds for each anchor: two more passes over the similarities"
    filters: ClassVar[bool] = True

    rule: Literal["ring"] = "ring"
    inner: float = Field(0.01, ge=0, lt=1, description="Where the band begins.")
    outer: Fraction = Field(0.1, description="Where it ends at the end of the training.")
    start: Fraction = Field(1.0, description="Where it ends at the start of the training.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.inner < self.outer <= self.start:
            raise ValueError(f"`inner` {self.inner} must be below `outer` {self.outer}, and that at most `start`")
        return self

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        outer = self.start + (self.outer - self.start) * progress
        first = min(round(self.inner * queue_size), queue_size - 1)
        return Ranks(first=first, last=max(first + 1, round(outer * queue_size)))
