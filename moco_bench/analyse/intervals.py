"""Confidence intervals for the mean of a few paired differences.

Both take `differences` of shape [..., n] (one row per sample) and return bounds of shape [...]. With n of 3 to 10 the
choice matters; `docs/statistics.md` shows the measured coverage of each. Where all differences are equal there is no
spread to estimate an interval from, and none is given: one of zero width would claim certainty that n values can't
give.
"""

from functools import lru_cache
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
ENUMERATED_UP_TO = 8  # C(15, 8) = 6,435 distinct resamples; n = 10 would have 92,378


def no_spread(differences: ArrayLike) -> NDArray[np.bool_]:
    """Whether all values of a sample [..., n] are equal -> [...]."""
    x = np.asarray(differences, dtype=np.float64)
    if x.shape[-1] == 0:
        return np.ones(x.shape[:-1], dtype=np.bool_)
    return np.asarray(x.max(axis=-1) == x.min(axis=-1))


def t_interval(differences: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Student's interval: mean -+ t_{(1+c)/2, n-1} s / sqrt(n). Exact for normal differences.

    Student (1908), "The probable error of a mean". NaN where n < 2 or all differences are equal.
    """
    x = np.asarray(differences, dtype=np.float64)
    n = x.shape[-1]
    if n < 2:
        undefined = np.full(x.shape[:-1], np.nan)
        return undefined, undefined
    half = stdtrit(n - 1, (1 + confidence) / 2) * x.std(axis=-1, ddof=1) / np.sqrt(n)
    half = np.where(no_spread(x), np.nan, half)
    return x.mean(axis=-1) - half, x.mean(axis=-1) + half


def studentised_bootstrap_interval(
    differences: ArrayLike, confidence: float = 0.95, *, resamples: int = 10_000, seed: int = 0
) -> tuple[Floats, Floats]:
    """Bootstrap-t interval: the quantiles of t* = (mean* - mean) / se* take the place of Student's.

    Efron & Tibshirani (1993), section 12.5. Up to n = 8 every resample is enumerated (each distinct one once, with
    its multinomial probability), so the result has no Monte Carlo error; above, `resamples` are drawn from `seed`.
    A resample of equal values has se* = 0 and t* = +-infinity: where those make up more than a tail (n < 4 at 95 %)
    a bound is infinite, which is the truth about bootstrapping three values. NaN where n < 2 or all values are equal.
    """
    x = np.asarray(differences, dtype=np.float64)
    n = x.shape[-1]
    if n < 2:
        undefined = np.full(x.shape[:-1], np.nan)
        return undefined, undefined
    counts, weights = _enumerated(n) if n <= ENUMERATED_UP_TO else _drawn(n, resamples, seed)
    mean, spread = x.mean(axis=-1), x.std(axis=-1, ddof=1)
    centred = x - mean[..., None]
    # Row by row: products of whole matrices round otherwise, and a row's interval would depend on its company.
    means = np.matmul(counts, centred[..., None])[..., 0] / n
    variances = np.maximum(np.matmul(counts, (centred**2)[..., None])[..., 0] / n - means**2, 0.0) * n / (n - 1)
    flat = variances <= 1e-12 * spread[..., None] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        t = means / np.sqrt(variances / n)
    t = np.where(flat, np.where(means > 0, np.inf, np.where(means < 0, -np.inf, 0.0)), t)
    tail = (1 - confidence) / 2
    error = spread / np.sqrt(n)
    below, above = _weighted_quantiles(t, weights, (tail, 1 - tail))
    with np.errstate(invalid="ignore"):
        low, high = mean - above * error, mean - below * error
    constant = no_spread(x)
    return np.where(constant, np.nan, low), np.where(constant, np.nan, high)


@lru_cache(maxsize=8)
def _enumerated(n: int) -> tuple[Floats, Floats]:
    """How often each value occurs in each distinct resample [M, n], and the resample's probability [M]."""
    rows = [np.bincount(drawn, minlength=n) for drawn in combinations_with_replacement(range(n), n)]
    ways = np.array([factorial(n) / prod(factorial(int(k)) for k in row) for row in rows])
    return np.array(rows, dtype=np.float64), ways / ways.sum()


@lru_cache(maxsize=8)
def _drawn(n: int, resamples: int, seed: int) -> tuple[Floats, Floats]:
    rows = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    return rows.astype(np.float64), np.full(resamples, 1 / resamples)


def _weighted_quantiles(values: Floats, weights: Floats, levels: tuple[float, ...]) -> list[Floats]:
    """For each level the smallest value [...] whose cumulated weight reaches it; `values` [..., M], `weights` [M]."""
    if np.all(weights == weights[0]):  # as drawn: then places are known, and finding their values takes a tenth
        places = [int(np.argmax(np.cumsum(weights) >= level - 1e-12)) for level in levels]
        parted = np.partition(values, places, axis=-1)
        return [parted[..., place] for place in places]
    order = np.argsort(values, axis=-1)
    ordered, reached = np.take_along_axis(values, order, axis=-1), np.cumsum(weights[order], axis=-1)
    firsts = [np.argmax(reached >= level - 1e-12, axis=-1)[..., None] for level in levels]
    return [np.take_along_axis(ordered, first, axis=-1)[..., 0] for first in firsts]
