"""The paper's filter, in our reading."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moco_bench.components.negatives.share import Share
from moco_bench.components.ranks import Ranks


class Hardest(Share):
    """Keep the most similar keys: our reading of the paper's filter. By default a quarter of the queue."""

    source: ClassVar[str] = "our reading of arXiv 2501.16360; see also Cai et al. 2020 (arXiv 2010.06682)"
    cost: ClassVar[str] = "a threshold for each anchor: two more passes over the similarities"

    ways: ClassVar[tuple[str, ...]] = ("fraction", "count", "mass")

    rule: Literal["hardest"] = "hardest"
    mass: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="Share of the softmax mass that the kept hold, the fewest of each anchor; exclusive with both.",
    )

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        if self.mass is not None:
            return Ranks(mass=self.mass)
        return Ranks(last=self.size(queue_size))
