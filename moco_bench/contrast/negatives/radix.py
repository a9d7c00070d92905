"""Finds the threshold of the highest scores exactly, in rows whose scores are nearly equal.

Bins of equal width can't part scores that lie a rounding error from each other; their bits can. Floats are turned into
integers of the same order and the wanted one is found digit by digit, highest first, with one pass over the scores a
digit: a radix select. Whatever the scores are, it ends after three passes (six in float64).
"""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from moco_bench.contrast.negatives.selection import MASS_TOLERANCE

DIGIT = 11
"""Bits per digit."""


class DigitPlace(NamedTuple):
    """The score at a rank of each row, [R, 1] each.

    Attributes:
        value: the score.
        ties: int64, how many scores equal to it have this rank or a higher one.
        tied: int64, how many scores are equal to it.
    """

    value: Tensor
    ties: Tensor
    tied: Tensor


def score_at(passes: Callable[[], Iterable[Tensor]], rows: Tensor, count: int) -> DigitPlace:
    """Find the `count`-th highest score of some rows.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same.
        rows: int64 [R], the rows that are asked for.
        count: from 1 to the length of a row.
    """
    rank = torch.full((len(rows), 1), count, device=rows.device)
    found = torch.zeros_like(rank)  # the digits so far
    tied, dtype, left = rank, torch.float32, None
    while left != 0:
        histogram = torch.zeros(len(rows), 2**DIGIT, dtype=torch.int64, device=rows.device)
        for scores in passes():
            if left is None:
                dtype, left = scores.dtype, torch.finfo(scores.dtype).bits
            width = min(DIGIT, left)
            above = _ordered(scores[rows]) >> (left - width)  # this digit and all before it
            first = left == torch.finfo(dtype).bits
            # The highest digit carries the sign: it is moved to start from 0 like the others.
            digit = above + 2 ** (width - 1) if first else above & (2**width - 1)
            matching = torch.ones_like(above) if first else (above >> width == found).long()
            histogram.scatter_add_(1, digit, matching)
        assert left is not None
        from_top = histogram.flip(1)
        at_least = from_top.cumsum(dim=1)
        steps = (at_least < rank).sum(dim=1, keepdim=True)
        tied = from_top.gather(1, steps)
        rank = rank - (at_least.gather(1, steps) - tied)
        width = min(DIGIT, left)
        digit = 2**DIGIT - 1 - steps
        found = digit - 2 ** (width - 1) if left == torch.finfo(dtype).bits else (found << width) + digit
        left -= width
    return DigitPlace(_score(found, dtype), rank, tied)


def score_at_mass(passes: Callable[[], Iterable[Tensor]], mass: float, temperature: float) -> DigitPlace:
    """Find the score down to which each row's highest scores hold a share of its softmax mass: `score_at` by weight.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same.
        mass: the share, above 0 and below 1.
        temperature: of the softmax.
    """
    highest = reduce(torch.maximum, (scores.amax(dim=1, keepdim=True) for scores in passes()))
    rows, dtype = len(highest), highest.dtype
    above, needed = highest.new_zeros(rows, 1, dtype=torch.float64), None
    found = torch.zeros(rows, 1, dtype=torch.int64, device=highest.device)
    left = bits = torch.finfo(dtype).bits
    while left > 0:
        width = min(DIGIT, left)
        masses = above.new_zeros(rows * 2**DIGIT)
        counts = torch.zeros_like(masses)
        for scores in passes():
            digits = _ordered(scores) >> (left - width)
            weights = ((scores - highest).double() / temperature).exp_()
            matching = torch.ones_like(weights) if left == bits else (digits >> width == found).double()
            digits = digits + 2 ** (width - 1) if left == bits else digits & (2**width - 1)
            places = (digits + torch.arange(rows, device=digits.device)[:, None] * 2**DIGIT).flatten()
            masses.scatter_add_(0, places, weights.mul_(matching).flatten())
            counts.scatter_add_(0, places, matching.flatten())
        from_top = masses.view(rows, -1).flip(1)
        sums = above + from_top.cumsum(dim=1)
        if needed is None:
            needed = mass * (1 - MASS_TOLERANCE) * sums[:, -1:]
        steps = (sums < needed).sum(dim=1, keepdim=True).clamp_max(2**DIGIT - 1)
        above = sums.gather(1, steps) - from_top.gather(1, steps)
        tied = counts.view(rows, -1).flip(1).gather(1, steps)
        digit = 2**DIGIT - 1 - steps
        found = digit - 2 ** (width - 1) if left == bits else (found << width) + digit
        left -= width
    assert needed is not None
    value = _score(found, dtype)
    of_one = ((value - highest).double() / temperature).exp()
    return DigitPlace(value, ties_inside(needed - above, of_one, tied.long()), tied.long())


def ties_inside(missing: Tensor, of_one: Tensor, tied: Tensor) -> Tensor:
    """How many of `tied` equal scores, each of mass `of_one`, are needed for the missing mass: [R, 1]."""
    needed = missing / of_one.clamp_min(torch.finfo(torch.float64).tiny) * (1 - MASS_TOLERANCE)
    return needed.ceil().clamp_min(1).minimum(tied).long()


def _ordered(scores: Tensor) -> Tensor:
    """Floats as int64 in the same order: the bits, with those below the sign inverted for negative numbers."""
    bits = (scores + 0.0).view(_integer(scores.dtype))  # the sum makes the two zeros one
    return torch.where(bits < 0, bits ^ torch.iinfo(bits.dtype).max, bits).long()


def _score(ordered: Tensor, dtype: torch.dtype) -> Tensor:
    """The inverse of `_ordered`."""
    bits = ordered.to(_integer(dtype))
    return torch.where(bits < 0, bits ^ torch.iinfo(bits.dtype).max, bits).view(dtype)


def _integer(dtype: torch.dtype) -> torch.dtype:
    return torch.int64 if dtype == torch.float64 else torch.int32
