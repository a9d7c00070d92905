"""Two one-sided tests: they show "no difference larger than a margin", which absence of significance doesn't.

Schuirmann (1987), "A comparison of the two one-sided tests procedure and the power approach". All take `differences` of
shape [..., n], one row per sample, and return shape [...].
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from moco_bench.analyse.intervals import no_spread, t_interval
from moco_bench.analyse.signflip import sign_flip_p

Floats = NDArray[np.float64]


def equivalence_p(differences: ArrayLike, margin: ArrayLike) -> Floats:
    """Test the null hypothesis |mean| >= `margin` for paired differences: a small p means equivalent.

    The larger of the p-values of two one-sided paired t-tests. NaN where n < 2 or all differences are equal: without
    spread a t-test has nothing to say, and the exact one below decides alone.
    """
    x = np.asarray(differences, dtype=np.float64)
    n = x.shape[-1]
    if n < 2:
        return np.full(x.shape[:-1], np.nan)
    margin = np.asarray(margin, dtype=np.float64)
    mean, error = x.mean(axis=-1), x.std(axis=-1, ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.maximum(stdtr(n - 1, -(mean + margin) / error), stdtr(n - 1, (mean - margin) / error))
    return np.where(no_spread(x), np.nan, p)


def equivalence_interval(differences: ArrayLike, level: float = 0.05) -> tuple[Floats, Floats]:
    """Student's 1 - 2 `level` interval, which corresponds to `equivalence_p`.

    It lies within (-margin, margin) exactly where both one-sided t-tests reject at `level` (Schuirmann 1987): 90 % for
    tests at 5 %, not 95 %. NaN where n < 2 or all differences are equal.
    """
    return t_interval(differences, 1 - 2 * level)


def narrow_enough(standard_deviation: float, n: int, margin: float, level: float = 0.05) -> bool:
    """Whether some mean of `n` differences with this spread would be equivalent by the t-tests: zero, if any."""
    return n > 1 and float(stdtrit(n - 1, 1 - level)) * standard_deviation / n**0.5 < margin


def exact_equivalence_p(differences: ArrayLike, margin: ArrayLike, *, resamples: int = 10_000, seed: int = 0) -> Floats:
    """The larger p of two one-sided sign-flip tests, which need symmetric but not normal differences.

    With n pairs it can't fall below 1 / 2^n: four seeds never show equivalence at 5 %, whatever their spread.
    """
    x = np.asarray(differences, dtype=np.float64)
    margin = np.asarray(margin, dtype=np.float64)[..., None]
    both = np.stack([x + margin, margin - x])
    return np.asarray(sign_flip_p(both, alternative="greater", resamples=resamples, seed=seed).max(axis=0))
