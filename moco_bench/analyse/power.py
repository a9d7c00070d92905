"""Power of a paired t-test: the upper bound that exact and corrected tests approach with many seeds."""

import math
from functools import lru_cache

import numpy as np
from scipy.special import chdtri, ndtr, stdtrit

POINTS = 4000


def t_test_power(dz: float, n: int, *, level: float = 0.05) -> float:
    """The power of a two-sided paired t-test of `n` pairs for an effect of `dz` standard deviations.

    Cohen (1988), section 2.4: |Z + dz sqrt(n)| / S exceeds the critical value, with S^2 ~ chi^2_{n-1} / (n - 1). The
    expectation over S is taken at the midpoints of `POINTS` equally likely parts (the non-central t of SciPy returns
    NaN for the large effects that n = 2 and 3 need). NaN where n < 2.
    """
    if n < 2:
        return math.nan
    midpoints = (np.arange(POINTS) + 0.5) / POINTS
    spread = np.sqrt(chdtri(n - 1, midpoints) / (n - 1))
    critical = stdtrit(n - 1, 1 - level / 2) * spread
    shift = dz * math.sqrt(n)
    return float(np.mean(ndtr(shift - critical) + ndtr(-shift - critical)))


@lru_cache(maxsize=256)
def t_test_dz(n: int, *, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest |d_z| that a two-sided paired t-test detects with `power`. NaN where n < 2."""
    if n < 2:
        return math.nan
    from scipy.optimize import brentq  # a sixth of a second, which designs of a few seeds never need

    return float(brentq(lambda dz: t_test_power(dz, n, level=level) - power, 0.0, 1e5))
