"""Finding cuts in rows too long to hold: radix selection over repeated passes.

The scores are read as integers of the same order, and the integer at the wanted rank is found digit by digit, highest
first: each pass counts the next digit of those scores that share the digits found so far. The number of passes is
fixed (three for 32 bits) whatever the data: similarities that collapse into a narrow range take no longer.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from moco_bench.contrast.negatives.selection import Cut

DIGIT_BITS = 11


def streamed_cuts(passes: Callable[[], Iterable[Tensor]], counts: Sequence[int]) -> list[Cut]:
    """Find where the highest scores of each row end, for several numbers of them in the same passes.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same: int32, float32 or float64.
        counts: numbers of highest scores, each from 1 to the length of a row.
    """
    if not counts:
        return []
    template = next(iter(passes()))
    searches = [_Search(count, template) for count in counts]
    while not searches[0].done:
        for scores in passes():
            ordered = _as_ordered_integers(scores)
            for search in searches:
                search.observe(ordered)
        for search in searches:
            search.descend()
    return [Cut(_as_scores(search.value, template.dtype), search.ties) for search in searches]


class _Search:
    """The search for the integer at one rank, in all rows side by side."""

    def __init__(self, count: int, template: Tensor) -> None:
        self._rows = template.shape[0]
        self._unknown = 8 * template.element_size()  # bits that are still to be found
        self._rank = torch.full((self._rows, 1), count, device=template.device)  # among those that share the prefix
        self._prefix: Tensor | None = None
        self._all_tied = False
        self._start_pass()

    def _start_pass(self) -> None:
        self._bits = min(DIGIT_BITS, self._unknown)
        self._shift = self._unknown - self._bits
        self._histogram = self._rank.new_zeros(self._rows, 1 << self._bits, dtype=torch.int32)

    @property
    def done(self) -> bool:
        return self._unknown == 0

    @property
    def value(self) -> Tensor:
        assert self._prefix is not None
        return self._prefix

    @property
    def ties(self) -> Tensor | None:
        return None if self._all_tied else self._rank

    def observe(self, ordered: Tensor) -> None:
        """Count the digits of one chunk."""
        shifted = ordered >> self._shift
        if self._prefix is None:  # the first digit holds the sign: move it to begin at 0
            digit = shifted + (1 << self._bits - 1)
            shares = digit.new_ones(1, dtype=torch.int32).expand_as(digit)
        else:
            digit = shifted & (1 << self._bits) - 1
            shares = (shifted >> self._bits).eq_(self._prefix).to(torch.int32)
        self._histogram.scatter_add_(1, digit.to(torch.int64), shares)

    def descend(self) -> None:
        """Fix the digit counted in the pass that ends, and go on among the scores that have it."""
        per_digit = self._histogram.flip(1).to(torch.int64)
        at_least = per_digit.cumsum(1)
        steps = (at_least < self._rank).sum(1, keepdim=True)  # down from the highest digit
        equal = per_digit.gather(1, steps)
        self._rank = self._rank - (at_least.gather(1, steps) - equal)
        digit = (1 << self._bits) - 1 - steps
        if self._prefix is None:
            self._prefix = digit - (1 << self._bits - 1)
        else:
            self._prefix = self._prefix << self._bits | digit
        self._unknown -= self._bits
        if self.done:
            self._all_tied = bool((self._rank == equal).all())
        else:
            self._start_pass()


def _as_ordered_integers(scores: Tensor) -> Tensor:
    """Integers of the scores' width in the same order; the bits of a negative float run the other way."""
    if not scores.is_floating_point():
        return scores
    integer = torch.int32 if scores.dtype == torch.float32 else torch.int64
    bits = (scores + 0.0).view(integer)  # the sum turns -0.0 into 0.0, which is its equal but has other bits
    return _flip_negatives(bits)


def _as_scores(ordered: Tensor, dtype: torch.dtype) -> Tensor:
    if not dtype.is_floating_point:
        return ordered.to(dtype)
    return _flip_negatives(ordered.to(torch.int32 if dtype == torch.float32 else torch.int64)).view(dtype)


def _flip_negatives(bits: Tensor) -> Tensor:
    """Its own inverse: turns all bits but the sign of negative numbers."""
    width = torch.iinfo(bits.dtype)
    return (bits >> width.bits - 1).bitwise_and_(width.max).bitwise_xor_(bits)
