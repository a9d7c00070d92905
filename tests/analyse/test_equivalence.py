import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from moco_bench.analyse.equivalence import equivalence_interval, equivalence_p, exact_equivalence_p

X = np.array([0.2, -0.1, 0.3, 0.05, -0.2, 0.1])


@pytest.mark.parametrize("margin", [0.1, 0.3, 1.0])
def test_two_one_sided_t_tests_are_statsmodels(margin):
    assert equivalence_p(X, margin) == pytest.approx(DescrStatsW(X).ttost_mean(-margin, margin)[0])


def test_edges():
    assert np.isnan(equivalence_p([0.1], 1.0))
    assert np.isnan(equivalence_interval([0.1])).all()
    for equal in ([0.1, 0.1], [2.0, 2.0], [0.3] * 3):  # no spread: 2e-29 would be a claim about nothing
        assert np.isnan(equivalence_p(equal, 1.0))
        assert np.isnan(equivalence_interval(equal)).all()
    assert exact_equivalence_p([0.3] * 3, 1.0) == 1 / 8


def test_exact_version_cannot_show_equivalence_with_few_seeds():
    assert exact_equivalence_p([0.0, 0.01, -0.01], 1.0) == pytest.approx(1 / 8)
    assert exact_equivalence_p(X, 1.0) == pytest.approx(1 / 64)
    assert exact_equivalence_p(X + 2, 1.0) > 0.9


@pytest.mark.parametrize("level", [0.01, 0.05])
def test_the_narrower_interval_lies_inside_the_margin_where_both_tests_reject(level):
    x = np.random.default_rng(2).normal(0.5, 0.7, size=(2000, 6))
    low, high = equivalence_interval(x, level)
    inside = (low > -1) & (high < 1)
    assert 0.02 < inside.mean() < 0.98
    np.testing.assert_array_equal(inside, equivalence_p(x, 1.0) < level)


def test_rows_are_treated_one_by_one():
    x = np.random.default_rng(3).normal(0.5, 0.7, size=(4, 6))
    np.testing.assert_allclose(equivalence_p(x, 1.0), [equivalence_p(row, 1.0) for row in x])
    np.testing.assert_allclose(exact_equivalence_p(x, 1.0), [exact_equivalence_p(row, 1.0) for row in x])


def test_false_equivalence_of_one_effect_is_as_rare_as_stated():
    x = np.random.default_rng(1).normal(1.0, 0.4, size=(4000, 7))  # exactly at the margin: the hardest case
    assert (exact_equivalence_p(x, 1.0) <= 0.05).mean() <= 0.055
    assert (equivalence_p(x, 1.0) <= 0.05).mean() <= 0.055
