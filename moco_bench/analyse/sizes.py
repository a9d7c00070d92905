"""Effect sizes besides the mean: standardised, robust, and as a probability.

All take paired differences of shape [..., n], one row per sample, and return shape [...].
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from moco_bench.analyse.intervals import no_spread

Floats = NDArray[np.float64]


def cohens_dz(differences: ArrayLike) -> Floats:
    """Mean of the differences over their standard deviation (Cohen 1988, section 2.3.5).

    NaN where n < 2 or the differences don't vary.
    """
    x = np.asarray(differences, dtype=np.float64)
    spread = standard_deviation(x)
    return np.asarray(x.mean(axis=-1) / spread) if x.shape[-1] else spread


def standard_deviation(differences: ArrayLike) -> Floats:
    """Standard deviation of the differences; NaN (unknown) where n < 2 or they don't vary."""
    x = np.asarray(differences, dtype=np.float64)
    if x.shape[-1] < 2:
        return np.full(x.shape[:-1], np.nan)
    return np.where(no_spread(x), np.nan, x.std(axis=-1, ddof=1))


def probability_of_improvement(differences: ArrayLike, better: Literal["higher", "lower"] | None = "higher") -> Floats:
    """Fraction of pairs that the treatment wins, ties counted half: P(X > Y) of Agarwal et al. (2021), paired.

    Their version compares all runs with all runs; here a seed's runs share their randomness and are compared as pairs.
    Differences are treatment minus control; one below zero wins where `lower` is better. NaN where neither side is.
    """
    x = np.asarray(differences, dtype=np.float64)
    if better is None or not x.shape[-1]:
        return np.full(x.shape[:-1], np.nan)
    wins = x > 0 if better == "higher" else x < 0
    return np.asarray(np.mean(wins + 0.5 * (x == 0), axis=-1))


def interquartile_mean(values: ArrayLike) -> Floats:
    """Mean after floor(n / 4) values are cut from either end (Agarwal et al. 2021, 2108.13264)."""
    x = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    n = x.shape[-1]
    return np.asarray(x[..., n // 4 : n - n // 4].mean(axis=-1)) if n else np.full(x.shape[:-1], np.nan)
