import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from moco_bench.analyse.multiplicity import holm


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_statsmodels_adjusts_the_same(size):
    p = np.random.default_rng(size).uniform(0, 0.3, size=size)
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_order_is_kept_and_ties_are_equal():
    np.testing.assert_allclose(holm([0.04, 0.01, 0.04]), [0.08, 0.03, 0.08])


def test_what_was_not_tested_does_not_count():
    np.testing.assert_allclose(holm([np.nan, 0.01, 0.02]), [np.nan, 0.02, 0.02])
    assert np.isnan(holm([np.nan])).all()
    assert len(holm([])) == 0
