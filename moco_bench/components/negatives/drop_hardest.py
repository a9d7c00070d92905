"""The opposite of the filter: suspected false negatives are dropped."""

from typing import ClassVar, Literal

from moco_bench.components.negatives.share import Share
from moco_bench.components.ranks import Ranks


class DropHardest(Share):
    """Drop the most similar keys as suspected false negatives. By default 0.1 % of the queue, at least one key."""

    source: ClassVar[str] = "Cai et al. 2020 (arXiv 2010.06682)"
    cost: ClassVar[str] = "a threshold for each anchor: two more passes over the similarities"
    default_fraction: ClassVar[float] = 0.001

    rule: Literal["drop-hardest"] = "drop-hardest"

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        return Ranks(first=self.dropped(queue_size))
