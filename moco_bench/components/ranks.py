"""Which part of the sorted queue a rule keeps."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Ranks:
    """Which ranks of the sorted queue a rule keeps: the ranks [first, last) of `order`.

    Attributes:
        order: how an anchor sorts the queue. Equal places are settled by the slot: the lower one comes first.
        first: rank of the first key that is kept.
        last: rank behind the last key that is kept; None for the end of the queue.
        above: keys of a cosine similarity above this are kept too, whatever their rank.
        mass: keep the fewest hardest keys that hold this share of the softmax mass of all; with `hardest-first` alone.
        seen_from: whose similarity to the keys sorts them: the anchor's, or that of the other view of its image.
        seed: of the order `random`; drawn where the ranks are carried out.
        temperature: of `mass`; set likewise.
    """

    order: Literal["hardest-first", "easiest-first", "random"] = "hardest-first"
    first: int = 0
    last: int | None = None
    above: float | None = None
    mass: float | None = None
    seen_from: Literal["anchor", "other-view"] = "anchor"
    seed: tuple[int, int] = (0, 0)
    temperature: float = 1.0

    def amount_to(self, queue_size: int, *, masked: bool) -> tuple[Any, ...]:
        """A canonical form: equal for ranks that keep the same keys of a queue of `queue_size`."""
        if self.mass is not None:
            return ("mass", self.mass, self.seen_from)
        last = queue_size if self.last is None else min(self.last, queue_size)
        whole = self.first <= 0 and last >= queue_size
        if whole or (self.above is not None and self.above <= -1 and self.first <= 0):  # nothing is less similar
            return ("all",)
        if self.above is not None and self.above < 1:
            return ("above", self.above, self.first, last, self.seen_from)
        if self.order == "random":  # whoever looks
            return ("random", self.first, last)
        order, first = self.order, self.first
        if order == "easiest-first" and not masked:  # with a mask, an image's own keys rank last from either end
            order, first, last = "hardest-first", queue_size - last, queue_size - first
        return (order, first, last, self.seen_from)
