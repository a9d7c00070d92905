"""Effect sizes besides the mean: standardised, robust, and as a probability."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from moco_bench.analyse.intervals import no_spread


def cohens_dz(differences: ArrayLike) -> float:
    """Mean of the paired differences [n] over their standard deviation (Cohen 1988, section 2.3.5).

    NaN where n < 2 or the differences don't vary.
    """
    x, spread = np.asarray(differences, dtype=np.float64), standard_deviation(differences)
    return float("nan") if np.isnan(spread) else float(x.mean()) / spread


def standard_deviation(differences: ArrayLike) -> float:
    """Standard deviation of paired differences [n]; NaN (unknown) where n < 2 or they don't vary."""
    x = np.asarray(differences, dtype=np.float64)
    return float("nan") if len(x) < 2 or no_spread(x) else float(x.std(ddof=1))


def probability_of_improvement(differences: ArrayLike, better: Literal["higher", "lower"] | None = "higher") -> float:
    """Fraction of pairs that the treatment wins, ties counted half: P(X > Y) of Agarwal et al. (2021), paired.

    Their version compares all runs with all runs; here a seed's runs share their randomness and are compared as pairs.
    Differences are treatment minus control [n]; one below zero wins where `lower` is better. NaN where neither side is.
    """
    x = np.asarray(differences, dtype=np.float64)
    if better is None or not len(x):
        return float("nan")
    wins = x > 0 if better == "higher" else x < 0
    return float(np.mean(wins + 0.5 * (x == 0)))


def interquartile_mean(values: ArrayLike) -> float:
    """Mean after floor(n / 4) values are cut from either end (Agarwal et al. 2021, 2108.13264)."""
    x = np.sort(np.asarray(values, dtype=np.float64))
    cut = len(x) // 4
    return float(x[cut : len(x) - cut].mean()) if len(x) else float("nan")
