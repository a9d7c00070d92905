"""From a rule's ranks to the keys that are kept, for the whole queue at once or chunk by chunk."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.contrast.negatives.rules import Ranks


@dataclass(frozen=True)
class Cut:
    """Where the `count` highest scores of each row end.

    Attributes:
        value: [B, 1], the lowest score inside.
        ties: int64 [B, 1], how many of the scores equal to `value` are inside, lower slots first; None where all are.
    """

    value: Tensor
    ties: Tensor | None


def cut_counts(ranks: Ranks, queue_size: int) -> list[int]:
    """The numbers of highest scores that a rule needs a cut for: none for the whole queue, two for a band."""
    return [count for count in (ranks.first, ranks.last) if count is not None and 0 < count < queue_size]


def cut(scores: Tensor, count: int) -> Cut:
    """Find where the `count` highest scores of each row end, with the whole row at hand.

    Args:
        scores: [B, K].
        count: from 1 to K - 1.
    """
    # The set is what matters, not its order; torch's top-k would settle ties by chance, so only its value is used.
    value = scores.topk(count, dim=1, sorted=False).values.amin(dim=1, keepdim=True)
    if (scores >= value).sum(dim=1).eq(count).all():
        return Cut(value, None)
    return Cut(value, count - (scores > value).sum(dim=1, keepdim=True))


class Membership:
    """Tells which keys a rule keeps. Asked chunk by chunk, in the order of the slots, since ties are settled by it."""

    def __init__(self, ranks: Ranks, queue_size: int, cuts: Sequence[Cut]) -> None:
        """Take a rule and its cuts, one for each of `cut_counts`."""
        remaining = list(cuts)
        self._inner = _Top(remaining.pop(0)) if 0 < ranks.first < queue_size else None
        self._outer = _Top(remaining.pop(0)) if remaining else None
        self._above = ranks.above

    def keep(self, similarity: Tensor, scores: Tensor, blocked: Tensor | None) -> Tensor | None:
        """The keys of the next chunk that are kept: bool [B, C], None for all of them."""
        kept = None if self._outer is None else self._outer.next(scores)
        if self._inner is not None:
            behind = ~self._inner.next(scores)
            kept = behind if kept is None else kept & behind
        if self._above is not None and kept is not None:
            kept = kept | (similarity > self._above)
        if blocked is None:
            return kept
        return ~blocked if kept is None else kept & ~blocked


class _Top:
    """The scores inside one cut, with the count of the ties that are still to come."""

    def __init__(self, cut: Cut) -> None:
        self._value, self._left = cut.value, cut.ties

    def next(self, scores: Tensor) -> Tensor:
        if self._left is None:
            return scores >= self._value
        tied = scores == self._value
        place = tied.cumsum(dim=1, dtype=torch.int32)
        inside = (scores > self._value) | (tied & (place <= self._left))
        self._left = self._left - place[:, -1:]
        return inside
