"""The exact paired test: under the null hypothesis each difference is equally likely to have either sign.

Fisher (1935), "The design of experiments", section 21. It assumes symmetric differences, nothing about their shape;
differences of two arms of a seed are symmetric where the arms are exchangeable, which is the null hypothesis.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
EXACT_UP_TO = 16


def sign_flip_p(
    differences: ArrayLike,
    *,
    alternative: Literal["two-sided", "greater"] = "two-sided",
    resamples: int = 10_000,
    seed: int = 0,
) -> Floats:
    """Find p of the mean of `differences` [..., n] -> [...].

    All 2^n sign patterns up to n = 16; above, `resamples` random patterns from `seed`, the observed one counted among
    them, (b + 1) / (m + 1), so that p is never 0 (Phipson & Smyth 2010). NaN where n = 0.
    """
    x = np.asarray(differences, dtype=np.float64)
    n = x.shape[-1]
    if n == 0:
        return np.full(x.shape[:-1], np.nan)
    signs = sign_patterns(n, resamples, seed)
    sums, observed = x @ signs.T, x.sum(axis=-1)
    if alternative == "two-sided":
        sums, observed = np.abs(sums), np.abs(observed)
    # Sums of the same numbers in another order differ by rounding; such ties must count as reached.
    reached = observed[..., None] - 1e-9 * np.abs(x).sum(axis=-1)[..., None]
    hits = np.sum(sums >= reached, axis=-1)
    return np.asarray(hits / len(signs) if n <= EXACT_UP_TO else (hits + 1) / (resamples + 1))


def smallest_p(n: int, resamples: int | None = None) -> float:
    """The smallest two-sided p that `n` pairs can reach: 2 / 2^n. 1.0 where there are fewer than two.

    Above n = 16, where `resamples` patterns are drawn, it is 1 / (resamples + 1), as far as their number is given.
    """
    if n > EXACT_UP_TO and resamples is not None:
        return 1 / (resamples + 1)
    return 2.0 / 2.0**n if n >= 1 else 1.0


def seeds_needed(level: float, tests: int = 1) -> int:
    """The fewest pairs whose smallest p passes Holm's first step over `tests` at `level`."""
    n = 1
    while smallest_p(n) > level / tests:
        n += 1
    return n


@lru_cache(maxsize=8)
def sign_patterns(n: int, resamples: int = 10_000, seed: int = 0) -> Floats:
    """All 2^n sign patterns [2^n, n] up to n = 16; above, `resamples` random ones from `seed`.

    Every effect of as many seeds has the same ones.
    """
    if n > EXACT_UP_TO:
        return np.random.default_rng(seed).choice((-1.0, 1.0), (resamples, n))
    return np.asarray(1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n)[None, :] & 1))
