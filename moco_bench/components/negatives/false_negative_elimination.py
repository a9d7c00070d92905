"""False negative cancellation by similarity: keys most similar to the other view of an image are left out."""

from typing import ClassVar, Literal

from moco_bench.components.negatives.share import Share
from moco_bench.components.ranks import Ranks


class FalseNegativeElimination(Share):
    """Drop the keys most similar to the anchor's other view. By default 0.1 % of the queue, at least one key.

    Elimination with the positive as the only support view: the paper takes several, which a step doesn't have here.
    """

    source: ClassVar[str] = "Huynh et al. 2022 (arXiv 2011.11765), elimination with one support view"
    cost: ClassVar[str] = "one more B x K product, and a threshold for each anchor"
    default_fraction: ClassVar[float] = 0.001

    rule: Literal["false-negative-elimination"] = "false-negative-elimination"

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        return Ranks(first=self.dropped(queue_size), seen_from="other-view")
