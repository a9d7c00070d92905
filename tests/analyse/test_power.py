import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from moco_bench.analyse.power import t_test_dz, t_test_power


@pytest.mark.parametrize("n", [3, 5, 8, 30])
@pytest.mark.parametrize("dz", [0.0, 0.5, 1.5])
def test_power_is_statsmodels(n, dz):
    assert t_test_power(dz, n) == pytest.approx(TTestPower().power(dz, n, 0.05), abs=2e-4)


@pytest.mark.parametrize("n", [4, 5, 8, 20])
def test_the_smallest_effect_is_statsmodels(n):
    theirs = TTestPower().solve_power(effect_size=None, nobs=n, alpha=0.05, power=0.8)
    assert t_test_dz(n) == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_an_effect_of_that_size_is_found_four_times_in_five(n):
    x = np.random.default_rng(n).normal(t_test_dz(n), 1, size=(20_000, n))
    assert (stats.ttest_1samp(x, 0, axis=1).pvalue <= 0.05).mean() == pytest.approx(0.8, abs=0.012)


def test_one_pair_detects_nothing():
    assert math.isnan(t_test_dz(1))
    assert math.isnan(t_test_power(1.0, 1))
