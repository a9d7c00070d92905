"""Corrects over a suite's claims: without any effect, at most 5 % of suites get a verdict of a direction.

Westfall & Young (1993), "Resampling-based multiple testing", step-down maxT, with the sign flips of the exact test as
resamples: under the null hypothesis a seed's differences, of all claims together, are as likely with signs turned.
So the signs are flipped by seed, in all claims at once, and each claim's |mean| is held against the largest of all
claims in every pattern. Claims on the same runs are correlated; a correction that doesn't know it (Holm's) would need
more seeds for the same protection.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from moco_bench.analyse.signflip import EXACT_UP_TO, sign_patterns

Floats = NDArray[np.float64]


def ledger_p(tests: Sequence[Mapping[int, float]], *, resamples: int = 10_000, seed: int = 0) -> list[float]:
    """Corrected two-sided p of each test, given its paired differences by seed; NaN without any.

    Tests may have different seeds. Where all seeds together are more than 16, `resamples` patterns are drawn.
    """
    seeds = sorted({one for test in tests for one in test})
    values = np.array([[test.get(one, 0.0) for one in seeds] for test in tests], dtype=float).reshape(
        len(tests), len(seeds)
    )
    tested = [row for row, test in enumerate(tests) if test]
    found = np.full(len(tests), np.nan)
    if tested:
        found[tested] = max_t(values[tested][None], resamples=resamples, seed=seed)[0]
    return [float(p) for p in found]


def max_t(differences: Floats, *, resamples: int = 10_000, seed: int = 0) -> Floats:
    """Step-down maxT of `differences` [..., tests, seeds] -> corrected p [..., tests]; a missing seed is a zero.

    A test's statistic is |sum| over the root of its sum of squares, which sign flips leave alone: alone in its family a
    test has the p of `sign_flip_p`.
    """
    x = np.asarray(differences, dtype=np.float64)
    count, n = x.shape[-2:]
    size = np.sqrt((x**2).sum(axis=-1, keepdims=True))
    scaled = np.divide(x, size, out=np.zeros_like(x), where=size > 0)
    signs = sign_patterns(n, resamples, seed)
    flipped = np.abs(scaled @ signs.T)  # [..., tests, patterns]
    observed = np.abs(scaled.sum(axis=-1))  # [..., tests]
    order = np.argsort(-observed, axis=-1, kind="stable")
    ranked = np.take_along_axis(flipped, order[..., None], axis=-2)
    # For the k-th largest the maximum is over it and those below it.
    largest = np.maximum.accumulate(ranked[..., ::-1, :], axis=-2)[..., ::-1, :]
    reached = largest >= np.take_along_axis(observed, order, axis=-1)[..., None] - 1e-9
    hits = reached.sum(axis=-1)
    p = hits / len(signs) if n <= EXACT_UP_TO else (hits + 1) / (len(signs) + 1)
    stepped = np.maximum.accumulate(p, axis=-1)
    found = np.empty((*x.shape[:-2], count))
    np.put_along_axis(found, order, stepped, axis=-1)
    return found
