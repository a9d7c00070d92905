"""Finds cuts without sorting or storing rows: a histogram narrows the search to few scores, which are then collected.

A first pass over the scores counts them in bins and so finds the bin in which the wanted rank lies; a second one
collects the scores of that bin alone. In a row where they are too many, since they are all but equal, they are told
apart by their bits (`radix`).
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from moco_bench.contrast.negatives.radix import score_at
from moco_bench.contrast.negatives.selection import Cut

BINS = 1024


def streamed_cuts(
    passes: Callable[[], Iterable[Tensor]],
    counts: Sequence[int],
    *,
    sample: Tensor,
    limit: int,
) -> list[Cut]:
    """Find the thresholds of each row's highest scores, for several counts in the same two passes.

    Every pass has to see the very same bits: a product of another shape rounds otherwise, and a cut between scores
    that lie a rounding error apart would then fall somewhere else.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same.
        counts: numbers of highest scores, each from 1 to the length of a row.
        sample: [B, S], scores from all over the rows. Their range is cut into bins; what lies outside falls into the
            outer bins, so that a bad sample costs time and never a wrong cut.
        limit: how many scores of a row may be collected.
    """
    bins = Bins(sample)
    histogram = torch.zeros(len(sample), BINS, dtype=torch.int32, device=sample.device)
    for scores in passes():
        places = bins.places(scores)
        histogram.scatter_add_(1, places, histogram.new_ones(1).expand_as(places))
    searches = [_Search(histogram, count, limit, sample.dtype) for count in counts]
    for scores in passes():
        places = bins.of(scores).floor_()
        for search in searches:
            search.bin.collect(scores, places)
    return [search.result(passes) for search in searches]


class Bins:
    """Bins of equal width over each row's range.

    Neither the subtraction nor the product nor the clamp ever turns the order of two scores around, rounding included:
    every score of a higher bin is above every score of a lower one.
    """

    def __init__(self, sample: Tensor) -> None:
        # The lowered scores of blocked pairs would stretch the range beyond use.
        usual, end = sample.abs() < 1e20, torch.finfo(torch.float32).max
        self._low = sample.where(usual, end).amin(dim=1, keepdim=True)
        span = sample.where(usual, -end).amax(dim=1, keepdim=True) - self._low
        self._bins_per_unit = BINS / span.clamp_min(1e-30)  # where all are equal, any finite number will do

    def of(self, scores: Tensor) -> Tensor:
        """The bin of each score, with a fraction: [B, C]."""
        return (scores - self._low).mul_(self._bins_per_unit).clamp_(0, BINS - 1)

    def places(self, scores: Tensor) -> Tensor:
        """The bin of each score as an index, int64."""
        # A NaN converts to an arbitrary number, which may be no bin of the histogram.
        return self.of(scores).to(torch.int64).clamp_(0, BINS - 1)


class BinOfEachRow:
    """The scores of one bin of each row, except in rows where they are too many to collect."""

    def __init__(self, bins: Tensor, size: Tensor, limit: int, dtype: torch.dtype) -> None:
        """Take the bins and the number of scores in each, int64 [B, 1], and how many scores may be collected."""
        crowded = size > limit
        self.crowded = crowded.squeeze(1).nonzero().squeeze(1)
        self._bin = bins.masked_fill(crowded, -1).to(dtype)  # -1: no score is in it
        width = int(size.masked_fill(crowded, 1).max())
        self._found = torch.full((len(size), width), -torch.inf, dtype=dtype, device=size.device)
        self._filled = size.new_zeros(len(size))

    def collect(self, scores: Tensor, places: Tensor) -> None:
        """Take the scores of the bin from the next chunk; `places` are their bins, as floats."""
        rows, columns = (places == self._bin).nonzero(as_tuple=True)
        hits = rows.bincount(minlength=len(scores))
        earlier = hits.cumsum(0) - hits - self._filled  # hits of the rows before, less what this row has already
        slots = torch.arange(len(rows), device=rows.device) - earlier[rows]
        self._found[rows, slots] = scores[rows, columns]
        self._filled += hits

    def ordered(self) -> Tensor:
        """The collected scores, highest first, padded with minus infinity: [B, W]."""
        return self._found.sort(dim=1, descending=True).values


class _Search:
    """The search for one rank in all rows at once."""

    def __init__(self, histogram: Tensor, count: int, limit: int, dtype: torch.dtype) -> None:
        from_top = histogram.flip(1)
        at_least = from_top.cumsum(dim=1, dtype=torch.float64)  # floats add up 8 times as fast, and as exactly
        steps = (at_least < count).sum(dim=1, keepdim=True)
        size = from_top.gather(1, steps).to(torch.int64)
        self._count = count
        self._rank = count - (at_least.gather(1, steps).to(torch.int64) - size)  # within the bin, from 1
        self.bin = BinOfEachRow(BINS - 1 - steps, size, limit, dtype)

    def result(self, passes: Callable[[], Iterable[Tensor]]) -> Cut:
        """The cut of all rows."""
        ordered, crowded = self.bin.ordered(), self.bin.crowded
        value = ordered.gather(1, self._rank.clamp_max(ordered.shape[1]) - 1)
        ties = self._rank - (ordered > value).sum(dim=1, keepdim=True)
        tied = (ordered == value).sum(dim=1, keepdim=True)
        if len(crowded) > 0:
            value[crowded], ties[crowded], tied[crowded] = score_at(passes, crowded, self._count)
        return Cut.of(value, ties, tied)
