"""From a rule's ranks to the keys that it drops, for the whole queue at once or chunk by chunk.

What is true of a pair is written as a number, 1 or 0: a CPU compares floats into floats five times as fast as into
truth values, and a logit less a multiple of such a number is masked ten times as fast as by a selection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from moco_bench.components.ranks import Ranks
from moco_bench.contrast.device import on_gpu

MASS_TOLERANCE = 1e-9
"""Relative tolerance of a mass: sums in another order differ in their last bits."""


@dataclass(frozen=True)
class Cut:
    """The threshold of the highest scores of each row.

    Attributes:
        value: [B, 1], the lowest score inside.
        ties: int64 [B, 1], how many of the scores equal to `value` are inside, lower slots first; None where all are
            known to be, in all rows.
    """

    value: Tensor
    ties: Tensor | None

    @classmethod
    def of(cls, value: Tensor, ties: Tensor, tied: Tensor) -> "Cut":
        """A cut with `ties` of the `tied` equal scores inside."""
        # Checking that no tie has to be settled needs a synchronisation, which costs a GPU more than settling it.
        all_inside = not on_gpu(ties.device) and ties.equal(tied)
        return cls(value, None if all_inside else ties)


def cut_counts(ranks: Ranks, queue_size: int) -> list[int]:
    """The counts of highest scores that a rule needs a threshold for: none for the whole queue, two for a band."""
    return [count for count in (ranks.first, ranks.last) if count is not None and 0 < count < queue_size]


def takes_passes(ranks: Ranks, queue_size: int) -> bool:
    """Whether a rule has to pass over the queue before the sum over negatives can be formed."""
    return ranks.mass is not None or bool(cut_counts(ranks, queue_size))


def whole_cuts(scores: Tensor, ranks: Ranks) -> list[Cut]:
    """The thresholds of a rule from whole rows of scores, [B, K]."""
    if ranks.mass is not None:
        return [mass_cut(scores, ranks.mass, ranks.temperature)]
    return [cut(scores, count) for count in cut_counts(ranks, scores.shape[1])]


def mass_cut(scores: Tensor, mass: float, temperature: float) -> Cut:
    """Find the threshold down to which each row's highest scores hold a share of the row's softmax mass.

    Args:
        scores: [B, K].
        mass: the share, above 0 and below 1.
        temperature: of the softmax.
    """
    ordered = scores.sort(dim=1, descending=True).values
    sums = ((ordered - ordered[:, :1]).double() / temperature).exp().cumsum(dim=1)
    needed = mass * (1 - MASS_TOLERANCE) * sums[:, -1:]
    count = (sums < needed).sum(dim=1, keepdim=True) + 1
    value = ordered.gather(1, count - 1)
    above = (scores > value).sum(dim=1, keepdim=True)
    tied = (scores == value).sum(dim=1, keepdim=True)
    return Cut.of(value, count - above, tied)


def cut(scores: Tensor, count: int) -> Cut:
    """Find the threshold of the `count` highest scores of each row, from the whole row.

    Args:
        scores: [B, K].
        count: from 1 to K.
    """
    # torch's top-k settles ties by chance: only its lowest value is used.
    value = scores.topk(count, dim=1, sorted=False).values.amin(dim=1, keepdim=True)
    above = (scores > value).sum(dim=1, keepdim=True)
    tied = (scores == value).sum(dim=1, keepdim=True)
    return Cut.of(value, count - above, tied)


def flags(compare: Callable[..., Tensor], left: Tensor, right: Tensor | float, dtype: torch.dtype) -> Tensor:
    """1 where a comparison such as `torch.ge` holds, else 0: of two matrices that broadcast, or one and a number."""
    width = left.shape[1] if isinstance(right, float) else max(left.shape[1], right.shape[1])
    return compare(left, right, out=torch.empty(left.shape[0], width, dtype=dtype, device=left.device))


class Membership:
    """Finds the keys that a rule drops, chunk by chunk in the order of the slots, which settles ties."""

    def __init__(self, ranks: Ranks, cuts: Sequence[Cut]) -> None:
        """Take a rule and its cuts, as `whole_cuts` gives them."""
        remaining = list(cuts)
        self._inner = _Top(remaining.pop(0)) if ranks.first > 0 else None
        self._outer = _Top(remaining.pop(0)) if remaining else None
        self._above = ranks.above

    def dropped(self, similarity: Tensor, scores: Tensor, blocked: Tensor | None) -> Tensor | None:
        """Which pairs of the next chunk are dropped: [B, C], 1 or 0; None for no pair.

        Args:
            similarity: [B, C].
            scores: [B, C], what the ranks are ranks of.
            blocked: [B, C], 1 where a pair is dropped whatever its rank.
        """
        reasons = [] if blocked is None else [blocked]
        if self._inner is not None:
            reasons.append(self._inner.inside(scores))
        if self._outer is not None:
            outside = 1 - self._outer.inside(scores)
            if self._above is not None:
                outside *= flags(torch.le, similarity, self._above, similarity.dtype)
            reasons.append(outside)
        return reduce(torch.maximum, reasons) if reasons else None


class _Top:
    """The scores above one threshold, with the number of ties still to come."""

    def __init__(self, cut: Cut) -> None:
        self._value, self._left = cut.value, cut.ties

    def inside(self, scores: Tensor) -> Tensor:
        if self._left is None:
            return flags(torch.ge, scores, self._value, scores.dtype)
        tied = flags(torch.eq, scores, self._value, scores.dtype)
        place = tied.cumsum(dim=1)
        inside = flags(torch.gt, scores, self._value, scores.dtype).add_(tied.mul_(place <= self._left))
        self._left = self._left - place[:, -1:].to(torch.int64)
        return inside
