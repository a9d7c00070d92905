"""Finds the highest scores of each row that together hold a share of its softmax mass, without sorting rows."""

from collections.abc import Callable, Iterable
from functools import reduce

import torch
from torch import Tensor

from moco_bench.contrast.negatives.histogram import BINS, BinOfEachRow, Bins
from moco_bench.contrast.negatives.radix import score_at_mass, ties_inside
from moco_bench.contrast.negatives.selection import MASS_TOLERANCE, Cut


def streamed_mass_cut(
    passes: Callable[[], Iterable[Tensor]], mass: float, temperature: float, *, sample: Tensor, limit: int
) -> Cut:
    """`mass_cut` in three passes: the highest score, the mass of each bin, and the scores of the bin that matters.

    Args:
        passes: each call gives the scores anew, [B, C] chunk by chunk, bit for bit the same.
        mass: the share, above 0 and below 1.
        temperature: of the softmax.
        sample: [B, S], scores from all over the rows, whose range is cut into bins.
        limit: how many scores of a row may be collected; rows with more of them in one bin take further passes.
    """
    bins = Bins(sample)
    highest = reduce(torch.maximum, (scores.amax(dim=1, keepdim=True) for scores in passes()))

    def weights_of(scores: Tensor) -> Tensor:
        return (scores - highest).double().mul_(1 / temperature).exp_()

    masses = highest.new_zeros(len(sample), BINS, dtype=torch.float64)
    sizes = torch.zeros_like(masses, dtype=torch.int32)
    for scores in passes():
        places = bins.places(scores)
        masses.scatter_add_(1, places, weights_of(scores))
        sizes.scatter_add_(1, places, sizes.new_ones(1).expand_as(places))
    from_top = masses.flip(1)
    sums = from_top.cumsum(dim=1)
    needed = mass * (1 - MASS_TOLERANCE) * sums[:, -1:]
    steps = (sums < needed).sum(dim=1, keepdim=True).clamp_max(BINS - 1)
    above = sums.gather(1, steps) - from_top.gather(1, steps)
    chosen = BinOfEachRow(BINS - 1 - steps, sizes.flip(1).gather(1, steps).long(), limit, sample.dtype)
    for scores in passes():
        chosen.collect(scores, bins.of(scores).floor_())
    ordered, crowded = chosen.ordered(), chosen.crowded
    weights = weights_of(ordered)
    reached = (above + weights.cumsum(dim=1) < needed).sum(dim=1, keepdim=True)
    collected = (ordered > -torch.inf).sum(dim=1, keepdim=True)
    value = ordered.gather(1, reached.minimum(collected - 1).clamp_min(0))
    tied = (ordered == value).sum(dim=1, keepdim=True)
    above = above + (weights * (ordered > value)).sum(dim=1, keepdim=True)
    ties = ties_inside(needed - above, weights_of(value), tied)
    if len(crowded) > 0:
        of_crowded = score_at_mass(lambda: (scores[crowded] for scores in passes()), mass, temperature)
        value[crowded], ties[crowded], tied[crowded] = of_crowded
    return Cut.of(value, ties, tied)
