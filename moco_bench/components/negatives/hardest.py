"""The paper's filter, in our reading."""

from typing import ClassVar, Literal

from moco_bench.components.negatives.share import Share
from moco_bench.components.ranks import Ranks


class Hardest(Share):
    """Keep the most similar keys: our reading of the paper's filter. By default a quarter of the queue."""

    source: ClassVar[str] = "our reading of arXiv 2501.16360; see also Cai et al. 2020 (arXiv 2010.06682)"
    cost: ClassVar[str] = "a threshold for each anchor: two more passes over the similarities"

    rule: Literal["hardest"] = "hardest"

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        """See `Negatives.ranks`."""
        return Ranks(last=self.size(queue_size))
