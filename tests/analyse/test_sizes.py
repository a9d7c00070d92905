import math

import numpy as np
import pytest
from scipy import stats

from moco_bench.analyse.sizes import cohens_dz, interquartile_mean, probability_of_improvement

X = np.array([0.4, 1.1, -0.2, 0.9, 0.0, 2.2, 0.3, 0.8])


def test_dz_is_t_over_the_root_of_n():
    assert cohens_dz(X) == pytest.approx(stats.ttest_1samp(X, 0).statistic / np.sqrt(len(X)))
    assert math.isnan(cohens_dz([1.0]))
    assert math.isnan(cohens_dz([1.0, 1.0]))


def test_probability_of_improvement_counts_ties_half():
    assert probability_of_improvement(X) == pytest.approx((6 + 0.5) / 8)
    assert math.isnan(probability_of_improvement([]))


def test_where_lower_is_better_a_drop_is_the_improvement():
    assert probability_of_improvement(X, "lower") == pytest.approx((1 + 0.5) / 8)
    assert probability_of_improvement(-X, "lower") == probability_of_improvement(X)
    assert math.isnan(probability_of_improvement(X, None))


@pytest.mark.parametrize("n", range(1, 9))
def test_interquartile_mean_is_scipys_trimmed_mean(n):
    assert interquartile_mean(X[:n]) == pytest.approx(stats.trim_mean(X[:n], 0.25))


def test_interquartile_mean_ignores_outliers():
    assert interquartile_mean([0, 1, 1, 1e6]) == 1
