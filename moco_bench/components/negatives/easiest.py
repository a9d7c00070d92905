"""A control of the filter: the other end of the queue."""

from typing import ClassVar, Literal

from moco_bench.components.negatives.share import Share
from moco_bench.components.ranks import Ranks


class Easiest(Share):
    """Keep the least similar keys: a control of `hardest`. By default a quarter of the queue."""

    cost: ClassVar[str] = "a threshold for each anchor: two more passes over the similarities"

    rule: Literal["easiest"] = "easiest"

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        return Ranks("easiest-first", last=self.size(queue_size))
