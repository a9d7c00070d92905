from itertools import product

import numpy as np
import pytest
from scipy import stats

from moco_bench.analyse.signflip import seeds_needed, sign_flip_p, smallest_p

RNG = np.random.default_rng(7)


def brute_force(x, greater=False):
    flipped = [np.dot(signs, x) for signs in product((-1, 1), repeat=len(x))]
    if greater:
        return np.mean([value >= x.sum() - 1e-9 for value in flipped])
    return np.mean([abs(value) >= abs(x.sum()) - 1e-9 for value in flipped])


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_every_sign_pattern_counts(n):
    for _ in range(5):
        x = RNG.normal(0.3, 1, size=n)
        assert sign_flip_p(x) == pytest.approx(brute_force(x))
        assert sign_flip_p(x, alternative="greater") == pytest.approx(brute_force(x, greater=True))


def test_scipy_has_the_same_test():
    x = RNG.normal(0.5, 1, size=7)
    for alternative in ("two-sided", "greater"):
        theirs = stats.permutation_test(
            (x,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative=alternative
        )
        assert sign_flip_p(x, alternative=alternative) == pytest.approx(theirs.pvalue)


def test_ties_count_as_reached():
    assert sign_flip_p([0.1, 0.2, 0.3, -0.3, 0.7]) == pytest.approx(brute_force(np.array([0.1, 0.2, 0.3, -0.3, 0.7])))
    assert sign_flip_p([0.0, 0.0, 0.0]) == 1.0
    assert sign_flip_p([1.1, 1.1, 1.1]) == 0.25


def test_more_than_sixteen_pairs_are_sampled_and_p_is_never_zero():
    x = np.full(20, 1.0)
    assert sign_flip_p(x, resamples=999, seed=1) == pytest.approx(1 / 1000)
    y = RNG.normal(0.4, 1, size=17)
    normal = stats.ttest_1samp(y, 0).pvalue
    assert sign_flip_p(y, resamples=20_000, seed=1) == pytest.approx(normal, abs=0.02)
    assert sign_flip_p(y, seed=4) == sign_flip_p(y, seed=4)


def test_rows_are_treated_one_by_one():
    rows = RNG.normal(size=(4, 6))
    np.testing.assert_allclose(sign_flip_p(rows), [sign_flip_p(row) for row in rows])


def test_what_few_seeds_can_reach():
    assert [smallest_p(n) for n in (5, 6, 7, 8)] == [0.0625, 0.03125, 0.015625, 0.0078125]
    assert float(sign_flip_p(np.arange(1.0, 8.0))) == smallest_p(7)
    assert seeds_needed(0.05) == 6
    assert seeds_needed(0.05, tests=3) == 7
    assert np.isnan(sign_flip_p([]))


def test_drawn_patterns_reach_no_less_than_one_of_them():
    assert smallest_p(20, resamples=999) == float(sign_flip_p(np.full(20, 1.0), resamples=999)) == 1 / 1000
    assert smallest_p(16, resamples=999) == 2 / 2**16
