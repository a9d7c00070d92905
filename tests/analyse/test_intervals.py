from itertools import product

import numpy as np
import pytest
from scipy import stats

from moco_bench.analyse.intervals import studentised_bootstrap_interval, t_interval

X = np.array([1.2, 0.4, 2.9, 1.1, -0.3, 0.8, 1.9])


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_t_interval_is_scipys(n, confidence):
    expected = stats.ttest_1samp(X[:n], 0).confidence_interval(confidence)
    assert t_interval(X[:n], confidence) == pytest.approx((expected.low, expected.high))


def brute_force_bootstrap_t(x, confidence):
    """All n^n ordered resamples; a quantile is the smallest value that reaches its level."""
    n, statistics = len(x), []
    for drawn in product(x, repeat=n):
        resample = np.array(drawn)
        error = resample.std(ddof=1) / np.sqrt(n)
        shift = resample.mean() - x.mean()
        statistics.append(shift / error if error > 1e-12 else np.sign(shift) * np.inf if abs(shift) > 1e-12 else 0.0)
    ordered = np.sort(statistics)
    tail = (1 - confidence) / 2

    def quantile(level):
        return ordered[int(np.ceil(level * len(ordered) - 1e-9)) - 1]

    error = x.std(ddof=1) / np.sqrt(n)
    return x.mean() - quantile(1 - tail) * error, x.mean() - quantile(tail) * error


@pytest.mark.parametrize("n", [4, 5])
def test_bootstrap_enumerates_every_resample(n):
    assert studentised_bootstrap_interval(X[:n]) == pytest.approx(brute_force_bootstrap_t(X[:n], 0.95))


def test_drawn_resamples_agree_with_enumerated_ones(monkeypatch):
    exact = studentised_bootstrap_interval(X)
    monkeypatch.setattr("moco_bench.analyse.intervals.ENUMERATED_UP_TO", 0)
    drawn = studentised_bootstrap_interval(X, resamples=100_000, seed=3)
    np.testing.assert_allclose(drawn, exact, rtol=0.1)
    assert studentised_bootstrap_interval(X, resamples=2000, seed=3) == studentised_bootstrap_interval(
        X, resamples=2000, seed=3
    )


def test_three_values_are_too_few_to_bootstrap():
    low, high = studentised_bootstrap_interval(X[:3])
    assert np.isneginf(low)
    assert np.isposinf(high)


@pytest.mark.parametrize("method", [t_interval, studentised_bootstrap_interval])
def test_edges(method):
    assert np.isnan(method([1.0])).all()
    assert np.isnan(method([])).all()
    assert np.isnan(method([0.5] * 5)).all()  # no spread to estimate one from
    assert np.isnan(method([[0.5] * 5, [0.1, 0.2, 0.3, 0.4, 0.5]])).T.all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("method", [t_interval, studentised_bootstrap_interval])
def test_rows_are_treated_one_by_one_and_follow_shift_and_scale(method):
    rows = np.random.default_rng(0).normal(size=(6, 5))
    low, high = method(rows)
    np.testing.assert_allclose([method(row) for row in rows], np.transpose([low, high]))
    moved_low, moved_high = method(3 * rows + 10)
    np.testing.assert_allclose([moved_low, moved_high], [3 * low + 10, 3 * high + 10])
