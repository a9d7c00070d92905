import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from moco_bench.analyse.equivalence import equivalence_p, exact_equivalence_p

X = np.array([0.2, -0.1, 0.3, 0.05, -0.2, 0.1])


@pytest.mark.parametrize("margin", [0.1, 0.3, 1.0])
def test_two_one_sided_t_tests_are_statsmodels(margin):
    assert equivalence_p(X, margin) == pytest.approx(DescrStatsW(X).ttost_mean(-margin, margin)[0])


def test_edges():
    assert math.isnan(equivalence_p([0.1], 1.0))
    assert equivalence_p([0.1, 0.1], 1.0) == 0.0
    assert equivalence_p([2.0, 2.0], 1.0) == 1.0


def test_exact_version_cannot_show_equivalence_with_few_seeds():
    assert exact_equivalence_p([0.0, 0.01, -0.01], 1.0) == pytest.approx(1 / 8)
    assert exact_equivalence_p(X, 1.0) == pytest.approx(1 / 64)
    assert exact_equivalence_p(X + 2, 1.0) > 0.9


def test_false_equivalence_is_as_rare_as_stated():
    x = np.random.default_rng(1).normal(1.0, 0.4, size=(2000, 7))  # exactly at the margin: the hardest case
    assert np.mean([exact_equivalence_p(row, 1.0) <= 0.05 for row in x]) <= 0.06
    assert np.mean([equivalence_p(row, 1.0) <= 0.05 for row in x]) <= 0.06
