"""The rule behind every finding, and how often it is wrong."""

import math

import numpy as np
import pytest

from moco_bench.analyse.equivalence import equivalence_p, exact_equivalence_p
from moco_bench.analyse.findings import could_decide, finding_of
from moco_bench.analyse.intervals import t_interval
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.signflip import sign_flip_p, smallest_p
from moco_bench.suite.config.analysis import AnalysisConfig

CONFIG = AnalysisConfig()
MARGIN = 1.0


def row_with(**values):
    return {"estimate": 0.0, "ci_low": -2.0, "ci_high": 2.0, "p_holm": 0.9, "p_equivalence": 0.4, "n_seeds": 8,
            "p_equivalence_holm": 0.4, "smallest_p": 2 / 2**8, "family_size": 3, **values}  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "p_t", "p_corrected", "finding"),
    [
        (0.5, 1.5, 0.02, 0.5, 0.5, "higher"),
        (-1.5, -0.5, 0.02, 0.5, 0.5, "lower"),
        (0.1, 0.4, 0.02, 0.001, 0.001, "higher"),
        (0.1, 0.4, 0.2, 0.001, 0.001, "equivalent"),
        (0.5, 1.5, 0.2, 0.5, 0.5, "leans-higher"),
        (-1.5, -0.5, 0.2, 0.5, 0.5, "leans-lower"),
        (-0.4, 0.4, 0.9, 0.01, 0.2, "leans-equivalent"),
        (-2.0, 2.0, 0.9, 0.4, 0.4, "inconclusive"),
        (math.nan, math.nan, 1.0, math.nan, math.nan, "inconclusive"),
    ],
)
def test_the_rule(low, high, p_holm, p_t, p_corrected, finding):
    row = row_with(ci_low=low, ci_high=high, p_holm=p_holm, p_equivalence=p_t, p_equivalence_holm=p_corrected)
    assert finding_of(row, CONFIG) == finding


def test_nothing_is_found_before_the_planned_seeds_are_done():
    decided = row_with(ci_low=0.5, ci_high=1.5, p_holm=0.02)
    assert finding_of({**decided, "n_pending": 1}, CONFIG) == "interim"
    assert finding_of({**decided, "n_pending": 0}, CONFIG) == "higher"


def test_a_verdict_from_each_look_would_be_wrong_three_times_as_often():
    """One test without an effect, 16 planned seeds, a look after each from the sixth on: why there is `interim`."""
    x = np.random.default_rng(0).normal(size=(400, 16))
    looks = []
    for seeds in range(6, 17):
        low, high = t_interval(x[:, :seeds])
        looks.append((sign_flip_p(x[:, :seeds], resamples=1000) <= 0.05) & ((low > 0) | (high < 0)))
    assert np.mean(looks[-1]) <= 0.06
    assert np.mean(np.any(looks, axis=0)) >= 2 * 0.05


def test_equivalence_needs_the_seeds_that_a_difference_needs():
    small = {"ci_low": -0.1, "ci_high": 0.1, "p_equivalence": 0.001, "p_equivalence_holm": 3 / 2**6}
    six = row_with(**small, n_seeds=6, smallest_p=smallest_p(6))
    assert not could_decide(six, CONFIG)
    assert finding_of(six, CONFIG) == "leans-equivalent"
    assert finding_of({**six, "family_size": 1}, CONFIG) == "equivalent"
    assert finding_of(row_with(**small, n_seeds=7, smallest_p=smallest_p(7)), CONFIG) == "equivalent"


def findings(x):
    """What is found of simulated families: `x` is [families, effects, seeds]; -> words [families, effects]."""
    families, effects, n = x.shape
    low, high = t_interval(x)
    by_t, exact = equivalence_p(x, MARGIN), exact_equivalence_p(x, MARGIN)
    p = sign_flip_p(x)
    rows = [
        row_with(
            estimate=x[i, j].mean(), ci_low=low[i, j], ci_high=high[i, j], n_seeds=n, smallest_p=smallest_p(n),
            p_holm=corrected[j], p_equivalence=by_t[i, j], p_equivalence_holm=equivalence[j], family_size=effects,
        )
        for i in range(families)
        for corrected, equivalence in [(holm(p[i]), holm(np.maximum(by_t[i], exact[i])))]
        for j in range(effects)
    ]  # fmt: skip
    return np.array([finding_of(row, CONFIG) for row in rows]).reshape(families, effects)


@pytest.mark.parametrize("n", [7, 8, 10])
@pytest.mark.parametrize("spread", [0.05, 0.3, 0.6])
def test_false_equivalence_in_a_family_is_as_rare_as_in_one_test(n, spread):
    """Three effects exactly at the margin, the hardest case: without correction 11 to 13 % of families are wrong."""
    x = np.random.default_rng(n).normal(MARGIN, spread, size=(4000, 3, n))
    p = np.maximum(equivalence_p(x, MARGIN), exact_equivalence_p(x, MARGIN))
    assert (p <= 0.05).any(axis=1).mean() > 0.1
    assert (np.array([holm(of_family) for of_family in p]) <= 0.05).any(axis=1).mean() <= 0.055


@pytest.mark.parametrize("n", [7, 8, 10])
@pytest.mark.parametrize("truths", [(1, 1, 1), (0, 1, 1), (0, 0, 1), (0, 0, 0)])
def test_wrong_findings_of_either_kind_are_rare(n, truths):
    """Effects of zero that are called a difference, effects at the margin that are called none: 5 % for each kind."""
    truth = MARGIN * np.array(truths)
    found = findings(np.random.default_rng(n).normal(truth[None, :, None], 1.0, size=(4000, 3, n)))
    none = ((found == "equivalent") & (truth == MARGIN)).any(axis=1)
    difference = (np.isin(found, ["higher", "lower"]) & (truth == 0)).any(axis=1)
    assert none.mean() <= 0.055
    assert difference.mean() <= 0.055
    assert (none | difference).mean() <= 0.075


@pytest.mark.parametrize("n", [3, 4, 5, 6])
@pytest.mark.parametrize("truth", [0.0, 0.5, 50.0])
def test_few_seeds_decide_nothing_in_a_family_of_three(n, truth):
    x = np.random.default_rng(n).normal(truth, 0.01, size=(100, 3, n))
    assert not np.isin(findings(x), ["higher", "lower", "equivalent"]).any()


def test_true_equivalence_is_found():
    x = np.random.default_rng(0).normal(0.0, 0.4, size=(200, 3, 8))
    assert (findings(x) == "equivalent").mean() > 0.9
