"""Correction over the claims: right in the smallest case, and few wrong directions where nothing is true."""

import math
from itertools import product

import numpy as np
import pytest

from benchmarks.studies.interval_coverage import simulate_ledger
from moco_bench.analyse.intervals import t_interval
from moco_bench.analyse.ledger import ledger_p, max_t
from moco_bench.analyse.signflip import sign_flip_p

X = np.array([[1.2, 0.4, 2.9, 1.1, -0.3], [0.1, -0.2, 0.3, 0.4, -0.1], [0.5, 0.5, 0.6, 0.4, 0.5]])


def brute_force(x):
    """Step-down maxT, pattern by pattern, as Westfall and Young describe it."""
    t = x / np.sqrt((x**2).sum(axis=1, keepdims=True))
    observed = np.abs(t.sum(axis=1))
    order, adjusted, so_far = np.argsort(-observed), np.empty(len(x)), 0.0
    for place, row in enumerate(order):
        rest = order[place:]
        hits = [
            np.abs(t[rest] @ np.array(signs)).max() >= observed[row] - 1e-9
            for signs in product((-1, 1), repeat=x.shape[1])
        ]
        so_far = max(so_far, np.mean(hits))
        adjusted[row] = so_far
    return adjusted


def test_it_is_the_procedure_of_westfall_and_young():
    np.testing.assert_allclose(max_t(X), brute_force(X))
    np.testing.assert_allclose(max_t(np.stack([X, 2 * X[::-1]])), [brute_force(X), brute_force(X[::-1])])


def test_alone_a_claim_has_the_p_of_the_exact_test():
    for row in X:
        assert max_t(row[None])[0] == sign_flip_p(row)
    assert (max_t(X) >= sign_flip_p(X)).all()


def test_seeds_may_differ_and_be_absent():
    tests = [{0: 1.0, 1: 2.0, 2: 1.5}, {1: 0.3, 2: -0.2, 3: 0.1}, {}]
    p = ledger_p(tests)
    assert math.isnan(p[2])
    assert p[0] == pytest.approx(2 / 8)
    assert ledger_p([]) == []
    assert ledger_p([{0: 0.0, 1: 0.0}]) == [1.0]


def test_claims_that_say_the_same_cost_nothing():
    same = dict(enumerate(np.random.default_rng(0).normal(1, 0.2, 8)))
    assert ledger_p([same] * 6) == [2 / 2**8] * 6, "Holm's correction would give 0.047"


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.8])
def test_with_nothing_true_few_suites_have_a_wrong_direction(correlation):
    found = simulate_ledger(8, correlation, suites=1500, seed=1)
    assert found.corrected <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1500)
    assert found.families > 0.055, "corrected within families alone, more are wrong"


def test_what_is_true_is_still_found_by_eight_seeds():
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, (200, 6, 8))
    x[:, 0] += 3.0
    low, _ = t_interval(x[:, 0])
    assert ((max_t(x)[:, 0] <= 0.05) & (low > 0)).mean() > 0.9
