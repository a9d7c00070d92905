"""Finding cuts without sorting or holding a row: a histogram narrows the search to few scores, which are collected.

A first pass over the scores counts them in bins and so finds the bin in which the wanted rank lies; a second one
collects the scores of that bin alone. A row whose bin is too crowded, since its scores are all but equal, is reported
instead of solved.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.contrast.negatives.selection import Cut

BINS = 1024


@dataclass(frozen=True)
class StreamedCut:
    """A cut, as far as it was found.

    Attributes:
        cut: where the highest scores of each row end; `ties` is never None.
        tied: int64 [B, 1], how many scores are equal to the cut's value.
        crowded: int64 [R], the rows in which the cut and `tied` mean nothing.
    """

    cut: Cut
    tied: Tensor
    crowded: Tensor


def streamed_cuts(
    passes: Callable[[], Iterable[Tensor]], counts: Sequence[int], *, sample: Tensor, limit: int
) -> list[StreamedCut]:
    """Find where the highest scores of each row end, for several numbers of them in the same two passes.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same.
        counts: numbers of highest scores, each from 1 to the length of a row.
        sample: [B, S], some of the scores, from all over the rows. Its range is cut into bins; what lies outside falls
            into the outer bins, so that a bad sample makes rows crowded, never wrong.
        limit: how many scores of a row may be collected.
    """
    bins = _Bins(sample)
    histogram = torch.zeros(len(sample), BINS, dtype=torch.int32, device=sample.device)
    for scores in passes():
        # Of a NaN the conversion makes any number, which would be no place in the histogram.
        places = bins.of(scores).to(torch.int64).clamp_(0, BINS - 1)
        histogram.scatter_add_(1, places, histogram.new_ones(1).expand_as(places))
    searches = [_Search(histogram, count, limit, sample) for count in counts]
    for scores in passes():
        places = bins.of(scores).floor_()
        for search in searches:
            search.collect(scores, places)
    return [search.result() for search in searches]


class _Bins:
    """Bins of equal width over each row's range.

    Neither the subtraction nor the product nor the clamp ever turns the order of two scores around, rounding included:
    every score of a higher bin is above every score of a lower one.
    """

    def __init__(self, sample: Tensor) -> None:
        finite, end = sample.isfinite(), torch.finfo(torch.float32).max
        self._low = sample.where(finite, end).amin(dim=1, keepdim=True)
        span = sample.where(finite, -end).amax(dim=1, keepdim=True) - self._low
        self._bins_per_unit = BINS / span.clamp_min(1e-30)  # where all are equal, any finite number will do

    def of(self, scores: Tensor) -> Tensor:
        """The bin of each score, with a fraction: [B, C]."""
        return (scores - self._low).mul_(self._bins_per_unit).clamp_(0, BINS - 1)


class _Search:
    """The search for one rank in all rows side by side."""

    def __init__(self, histogram: Tensor, count: int, limit: int, sample: Tensor) -> None:
        from_top = histogram.flip(1)
        at_least = from_top.cumsum(dim=1, dtype=torch.float64)  # floats add up 8 times as fast, and exactly
        steps = (at_least < count).sum(dim=1, keepdim=True)
        size = from_top.gather(1, steps).to(torch.int64)
        self._rank = count - (at_least.gather(1, steps).to(torch.int64) - size)  # within the bin, from 1
        self._crowded = size > limit
        self._bin = (BINS - 1 - steps).masked_fill(self._crowded, -1)  # a bin that no score is in
        width = int(size.masked_fill(self._crowded, 1).max())
        lowest = -torch.inf if sample.is_floating_point() else torch.iinfo(sample.dtype).min
        self._found = sample.new_full((len(sample), width), lowest)
        self._filled = size.new_zeros(len(sample))

    def collect(self, scores: Tensor, places: Tensor) -> None:
        """Take the scores of the bin from the next chunk."""
        rows, columns = (places == self._bin).nonzero(as_tuple=True)
        hits = rows.bincount(minlength=len(scores))
        earlier = hits.cumsum(0) - hits - self._filled  # hits of the rows before, less what this row has already
        slots = torch.arange(len(rows), device=rows.device) - earlier[rows]
        self._found[rows, slots] = scores[rows, columns]
        self._filled += hits

    def result(self) -> StreamedCut:
        ordered = self._found.sort(dim=1, descending=True).values
        value = ordered.gather(1, self._rank.clamp_max(ordered.shape[1]) - 1)
        ties = self._rank - (ordered > value).sum(dim=1, keepdim=True)
        tied = (ordered == value).sum(dim=1, keepdim=True)
        return StreamedCut(Cut(value, ties), tied, self._crowded.squeeze(1).nonzero().squeeze(1))
