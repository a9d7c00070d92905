"""A control of the filter: the same number of keys, whatever their similarity."""

from typing import ClassVar, Literal

from moco_bench.components.negatives.share import Share
from moco_bench.components.ranks import Ranks


class Random(Share):
    """Keep a random part, drawn anew for each anchor and step: a control of `hardest`. By default a quarter."""

    cost: ClassVar[str] = "a random number for each pair, and a threshold for each anchor"

    rule: Literal["random"] = "random"

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        return Ranks("random", last=self.size(queue_size))
