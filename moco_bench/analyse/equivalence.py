"""Two one-sided tests: "no difference larger than a margin" as a finding, not as the absence of one.

Schuirmann (1987), "A comparison of the two one-sided tests procedure and the power approach".
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from moco_bench.analyse.signflip import sign_flip_p


def equivalence_p(differences: ArrayLike, margin: float) -> float:
    """Test the null hypothesis |mean| >= `margin` for paired differences [n]: a small p means equivalent.

    The larger of the p-values of two one-sided paired t-tests. NaN where n < 2.
    """
    x = np.asarray(differences, dtype=np.float64)
    n = len(x)
    if n < 2:
        return float("nan")
    error = float(x.std(ddof=1)) / np.sqrt(n)
    mean = float(x.mean())
    if error == 0:
        return 0.0 if abs(mean) < margin else 1.0
    above_low = float(stdtr(n - 1, -(mean + margin) / error))
    below_high = float(stdtr(n - 1, (mean - margin) / error))
    return max(above_low, below_high)


def exact_equivalence_p(differences: ArrayLike, margin: float, *, resamples: int = 10_000, seed: int = 0) -> float:
    """The same two one-sided tests by sign flips, which need symmetric differences but no normal ones.

    With n pairs it can't fall below 1 / 2^n: three seeds never show equivalence at 5 %, whatever their spread.
    """
    x = np.asarray(differences, dtype=np.float64)
    both = np.stack([x + margin, margin - x])
    return float(sign_flip_p(both, alternative="greater", resamples=resamples, seed=seed).max())
