"""The smallest effect that the declared rule finds, against the rule itself and against closed forms."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr

from moco_bench.analyse.detectable import detectable_dz
from moco_bench.analyse.intervals import t_interval
from moco_bench.analyse.power import t_test_dz
from moco_bench.analyse.signflip import sign_flip_p


def found_by_the_rule(dz, n, tests, datasets):
    """The part of fresh data sets in which interval and corrected exact test find an effect of `dz`."""
    x = np.random.default_rng(1000 + n).normal(dz, 1, size=(datasets, n))
    low, _ = t_interval(x)
    return np.mean((low > 0) & (sign_flip_p(x) * tests <= 0.05))


@pytest.mark.parametrize(("n", "tests"), [(6, 1), (7, 1), (7, 3), (8, 3), (8, 6), (10, 3)])
def test_an_effect_of_that_size_is_found_four_times_in_five(n, tests):
    dz = detectable_dz(n, tests=tests)
    assert found_by_the_rule(dz, n, tests, 12_000) == pytest.approx(0.8, abs=0.012)


@pytest.mark.parametrize(("n", "tests"), [(12, 3), (12, 1), (14, 6)])
def test_that_holds_for_more_seeds_too(n, tests):
    assert found_by_the_rule(detectable_dz(n, tests=tests), n, tests, 1200) == pytest.approx(0.8, abs=0.035)


def test_with_seven_seeds_all_must_have_the_same_sign():
    """2 / 2^7 x 3 is the only p below 0.05, so the chance is Phi(dz)^7, as the t interval then hardly ever objects."""
    assert detectable_dz(7, tests=3) == pytest.approx(brentq(lambda dz: ndtr(dz) ** 7 - 0.8, 0, 5), rel=0.005)


@pytest.mark.parametrize(
    ("n", "tests", "bounded"),
    [(1, 1, False), (5, 1, False), (6, 1, True), (6, 3, False), (7, 3, True), (7, 6, False), (8, 6, True)],
)
def test_where_p_cannot_reach_the_level_no_effect_is_large_enough(n, tests, bounded):
    assert math.isnan(detectable_dz(n, tests=tests)) != bounded


def test_an_uncorrected_t_test_promises_more_than_the_rule_keeps():
    for n in range(7, 13):
        assert detectable_dz(n, tests=3) > 1.1 * t_test_dz(n)
    assert found_by_the_rule(t_test_dz(7), 7, 3, 5000) < 0.55


@pytest.mark.parametrize("tests", [1, 3, 6])
def test_beyond_sixteen_seeds_the_corrected_t_test_takes_over_without_a_step(tests):
    assert detectable_dz(16, tests=tests) == pytest.approx(t_test_dz(16, level=0.05 / tests), rel=0.012)
    assert detectable_dz(17, tests=tests) == t_test_dz(17, level=0.05 / tests)
    assert detectable_dz(17, tests=tests) < detectable_dz(16, tests=tests)


def test_drawn_sign_patterns_bound_p_too():
    assert math.isnan(detectable_dz(20, tests=60, resamples=1000))
    assert detectable_dz(20, tests=60, resamples=100_000) > 0


@pytest.mark.parametrize("tests", [1, 3])
def test_more_seeds_see_smaller_effects(tests):
    sizes = [detectable_dz(n, tests=tests) for n in range(7, 15)]
    assert sizes == sorted(sizes, reverse=True)


def test_answers_repeat_and_hardly_depend_on_the_seed():
    first = detectable_dz(9, tests=3, seed=1)
    detectable_dz.cache_clear()
    assert detectable_dz(9, tests=3, seed=1) == first
    assert detectable_dz(9, tests=3, seed=2) == pytest.approx(first, rel=0.01)


def test_a_stricter_level_needs_a_larger_effect():
    assert detectable_dz(10, tests=3, level=0.01) > detectable_dz(10, tests=3)
    assert detectable_dz(10, tests=1, level=0.05 / 3) == pytest.approx(detectable_dz(10, tests=3), rel=0.02)
