from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from moco_bench.analyse.contrasts import contrasts_among, main_effects
from moco_bench.suite.factorial import Factorial

ARMS = ("vanilla", "dual", "filter", "both")


def test_names_and_order():
    names = [contrast.name for contrast in contrasts_among(ARMS)]
    simple = ["dual-vanilla", "filter-vanilla", "both-dual", "both-filter"]
    assert names == [*simple, "both-vanilla", "dual_view", "filtering", "interaction"]
    assert [c.name for c in contrasts_among(("vanilla", "dual"))] == ["dual-vanilla"]
    assert contrasts_among(("dual", "both")) == ()


def test_a_suites_own_contrasts_and_baseline():
    found = contrasts_among(("none", "a", "b"), "none", {"a against b": ("a", "b"), "x": ("a", "absent")})
    assert [(c.name, c.kind) for c in found] == [("a-none", "arm"), ("b-none", "arm"), ("a against b", "suite")]
    assert found[-1].weights == {"a": 1.0, "b": -1.0}


def test_every_contrast_compares():
    for contrast in contrasts_among(ARMS, listed={"dual against filter": ("dual", "filter")}):
        assert sum(contrast.weights.values()) == 0


def test_factorial_effects_are_the_coefficients_of_a_regression_with_seeds_as_blocks():
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm, "dual": dual, "filtered": filtered, "seed": str(seed), "value": rng.normal()}
        for (arm, (dual, filtered)), seed in product(
            zip(ARMS, ((-1, -1), (1, -1), (-1, 1), (1, 1)), strict=True), range(5)
        )
    ]
    data = pd.DataFrame(rows)
    fit = smf.ols("value ~ dual * filtered + seed", data).fit()
    means = data.groupby("arm")["value"].mean()
    estimates = {c.name: sum(w * means[arm] for arm, w in c.weights.items()) for c in main_effects(Factorial())}
    assert estimates["dual_view"] == pytest.approx(2 * fit.params["dual"])
    assert estimates["filtering"] == pytest.approx(2 * fit.params["filtered"])
    assert estimates["interaction"] == pytest.approx(4 * fit.params["dual:filtered"])
