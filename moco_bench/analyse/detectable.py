"""Minimum detectable effect: the smallest effect that the declared rule finds with 80 % power.

The rule (decision 021) wants an interval without zero *and* an exact sign-flip p that survives Holm's correction. A
t-test's power says nothing about that with few seeds: where 2 / 2^n times the family exceeds the level, no effect is
large enough. `python -m benchmarks.studies.detectable` prints the table that `docs/statistics.md` shows.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from moco_bench.analyse.power import t_test_dz
from moco_bench.analyse.signflip import EXACT_UP_TO, smallest_p

Singles = NDArray[np.float32]
VALUES = 2**23
"""Limit of subset means per answer; it gives 1,024 to 65,536 simulated data sets."""
CHUNK = 2**20


@lru_cache(maxsize=256)
def detectable_dz(
    n: int, *, tests: int = 3, level: float = 0.05, power: float = 0.8, resamples: int = 10_000, seed: int = 0
) -> float:
    """The minimum detectable d_z, in standard deviations of a difference, of the declared rule with `power`.

    Normal differences; the t interval at 1 - `level` leaves out zero and the sign-flip p times `tests` is at most
    `level`, as if every other test of the family were further from it (Holm's first step). Found on the effect's own
    side: a finding on the other one is an error, not power.

    Up to n = 16 by simulation from `seed`. In a data set z + d the sums that flipping the signs of a subset A leaves at
    or above the observed one are those with mean_A(z) <= -d, so p falls in d, and each data set has one least d at
    which it is found: the r-th largest of -mean_A(z) over all 2^n - 1 subsets, with r = floor(level / tests x 2^n / 2)
    (Hartigan 1969, "Using subsample values as typical values"), or where the t interval begins to leave out zero, if
    that is larger. The answer is their `power`-quantile, corrected by how far the same data sets are off for the
    t-test at `level` / `tests`, whose answer is known (a control variate). Above n = 16, where sign patterns are
    drawn, that t-test's answer itself: at n = 16 the two differ by less than 1 % for families of up to six.

    Returns:
        NaN, unbounded, where p can't reach `level` / `tests` whatever the effect.
    """
    corrected = level / tests
    if n < 2 or smallest_p(n, resamples) > corrected * (1 + 1e-9):
        return math.nan
    by_t = t_test_dz(n, level=corrected, power=power)
    if n > EXACT_UP_TO:
        return by_t
    rank = math.floor(corrected * 2**n * (1 + 1e-9)) // 2
    weights = _subset_means(n)
    datasets = max(1024, min(65_536, VALUES // 2**n))
    rng = np.random.default_rng(seed)
    found, found_by_t = [], []
    for start in range(0, datasets, max(1, CHUNK // 2**n)):
        z = rng.normal(size=(min(max(1, CHUNK // 2**n), datasets - start), n))
        exact = -_smallest(z.astype(np.float32) @ weights, rank)
        mean, error = z.mean(axis=1), z.std(axis=1, ddof=1) / math.sqrt(n)
        found.append(np.maximum(exact, stdtrit(n - 1, 1 - level / 2) * error - mean))
        found_by_t.append(stdtrit(n - 1, 1 - corrected / 2) * error - mean)
    off = float(np.quantile(np.concatenate(found_by_t), power)) - by_t
    return float(np.quantile(np.concatenate(found), power)) - off


def _subset_means(n: int) -> Singles:
    """Weights [n, 2^n - 1] that turn n values into the means of all their subsets but the empty one."""
    members = np.arange(1, 2**n)[None, :] >> np.arange(n)[:, None] & 1
    return np.asarray(members / members.sum(axis=0), dtype=np.float32)


def _smallest(means: Singles, rank: int) -> NDArray[np.float64]:
    """The `rank`-th smallest value of each row [R, M] -> [R]."""
    if rank > means.shape[1]:
        return np.full(len(means), np.inf)
    return np.partition(means, rank - 1, axis=1)[:, rank - 1].astype(np.float64)
