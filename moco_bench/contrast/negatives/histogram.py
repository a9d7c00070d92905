"""Finding cuts in rows too long to hold: a histogram narrows the search to few scores, which are then collected.

The first pass counts the scores of each row in bins and so finds the bin in which the wanted rank lies; the second
collects the scores of that bin alone. A row whose bin is too crowded for that is reported instead: its scores are all
but equal, which needs another way.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

BINS = 1024
"""A power of two: see `_Bins.of`."""


@dataclass(frozen=True)
class RowCuts:
    """Where the highest scores of each row end, as far as it was found.

    Attributes:
        value: [B, 1], the lowest score inside.
        ties: int64 [B, 1], how many of the scores equal to `value` are inside.
        tied: int64 [B, 1], how many there are.
        crowded: bool [B], rows for which the other fields mean nothing.
    """

    value: Tensor
    ties: Tensor
    tied: Tensor
    crowded: Tensor


def streamed_cuts(passes: Callable[[], Iterable[Tensor]], counts: Sequence[int], limit: int) -> list[RowCuts]:
    """Find where the highest scores of each row end, for several numbers of them in the same two passes.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same.
        counts: numbers of highest scores, each from 1 to the length of a row.
        limit: how many scores of a row may be collected.
    """
    if not counts:
        return []
    bins, histogram = None, torch.empty(0)
    for scores in passes():
        if bins is None:
            bins = _Bins(scores)
            histogram = torch.zeros(len(scores), BINS, dtype=torch.int32, device=scores.device)
            one = histogram.new_ones(1)
        places = bins.of(scores).to(torch.int64).bitwise_and_(BINS - 1)
        histogram.scatter_add_(1, places, one.expand_as(places))
    assert bins is not None
    searches = [_Search(histogram, count, limit) for count in counts]
    for scores in passes():
        places = bins.of(scores).floor_()
        for search in searches:
            search.collect(scores, places)
    return [search.result() for search in searches]


class _Bins:
    """Bins of equal width over each row's likely range, judged by its first chunk; the rest falls in the outer bins.

    A subtraction, a product and a clamp never turn the order of two scores around, rounding included, so that every
    score of a higher bin is above every score of a lower one.
    """

    def __init__(self, sample: Tensor) -> None:
        values = sample.to(torch.promote_types(sample.dtype, torch.float32))
        finite = values.masked_fill(values.isinf(), torch.nan)
        low, high = finite.nan_to_num(nan=torch.inf).amin(1, keepdim=True), finite.nan_to_num(nan=-torch.inf).amax(1, keepdim=True)
        span = (high - low).clamp_min(torch.finfo(values.dtype).tiny)
        self._low = low - span
        self._per_unit = BINS / (3 * span)

    def of(self, scores: Tensor) -> Tensor:
        """The bin of each score as a number with a fraction, [B, C]; NaN stays NaN, of which an integer makes 0."""
        return (scores - self._low).mul_(self._per_unit).clamp_(0, BINS - 1)


class _Search:
    pass
