"""A filter by similarity instead of rank."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import Count
from moco_bench.components.negatives.base import Selection
from moco_bench.components.ranks import Ranks


class Threshold(Selection):
    """Keep keys whose cosine similarity is above a value, but at least the `minimum` most similar ones."""

    cost: ClassVar[str] = "a comparison for each pair, and a threshold for each anchor"

    rule: Literal["threshold"] = "threshold"
    similarity: Annotated[float, Field(ge=-1, le=1)] = Field(description="Keys above it are kept.")
    minimum: Count = Field(1, description="The hardest this many are always kept.")

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        if self.minimum > queue_size:
            raise ValueError(f"minimum must be at most {queue_size}, the size of the queue, got {self.minimum}")
        return Ranks(last=self.minimum, above=float(self.similarity))
