"""MoCHi: the queue and synthetic negatives, mixed from the hardest keys of each query."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import Count
from moco_bench.components.negatives.base import Negatives
from moco_bench.components.types import Pairs, Tensor


class MoCHi(Negatives):
    """The queue, and negatives mixed from the `hardest` keys of each anchor: pairs of them, and one with the anchor.

    `mixed` negatives norm(a n + (1 - a) m) with a uniform in (0, 1), and `mixed_with_anchor` ones
    norm(b q + (1 - b) n) with b uniform in (0, 0.5), n and m drawn from the `hardest`. No gradient reaches them.
    """

    source: ClassVar[str] = "Kalantidis et al. 2020 (arXiv 2010.01028); 1024, 1024, 128 on ImageNet"
    cost: ClassVar[str] = "one more pass over the queue, and B x (mixed + mixed_with_anchor) keys"

    rule: Literal["mochi"] = "mochi"
    hardest: Count = Field(32, description="Keys that are mixed from: the most similar ones of each anchor.")
    mixed: int = Field(16, ge=0, le=65536, description="Mixed from two of them, for each anchor.")
    mixed_with_anchor: int = Field(
        16, ge=0, le=65536, description="Mixed from one of them and the anchor, for each anchor."
    )

    def check(self, queue_size: int) -> None:
        if self.hardest > queue_size:
            raise ValueError(f"hardest must be at most {queue_size}, the size of the queue, got {self.hardest}")

    def extra_keys(self, pairs: Pairs) -> Tensor:
        from torch import cat
        from torch.nn.functional import normalize

        rows, anchor = len(pairs.anchor), pairs.anchor.detach()
        hardest = pairs.hardest(self.hardest)

        def drawn(count: int) -> Tensor:
            places = (pairs.uniform(rows, count) * self.hardest).long().clamp_max(self.hardest - 1)
            return pairs.keys[hardest.gather(1, places)]

        first, second = drawn(self.mixed), drawn(self.mixed)
        part = pairs.uniform(rows, self.mixed, 1)
        of_two = part * first + (1 - part) * second
        part = 0.5 * pairs.uniform(rows, self.mixed_with_anchor, 1)
        with_anchor = part * anchor[:, None] + (1 - part) * drawn(self.mixed_with_anchor)
        return normalize(cat([of_two, with_anchor], dim=1), dim=2)
