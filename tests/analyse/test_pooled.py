"""Effects pooled over machines, against statsmodels."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.pooled import pooled_effects, random_effects
from moco_bench.analyse.table import typed


@pytest.mark.parametrize("spread", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("machines", [2, 3, 7])
def test_statsmodels_agrees(machines, spread):
    rng = np.random.default_rng(machines)
    effects, variances = 1 + spread * rng.normal(size=machines), rng.uniform(0.05, 0.4, machines)
    expected = combine_effects(effects, variances, method_re="chi2", use_t=False)

    pooled = random_effects(effects, variances)

    if expected.tau2 > 0:
        assert pooled["estimate"] == pytest.approx(expected.mean_effect_re)
        assert pooled["standard_error"] == pytest.approx(expected.sd_eff_w_re)
        assert pooled["between_machines"] ** 2 == pytest.approx(expected.tau2)
        assert pooled["i_squared"] == pytest.approx(expected.i2)
    else:  # statsmodels goes on with a negative variance; we take it for none, as DerSimonian and Laird do
        assert pooled["estimate"] == pytest.approx(expected.mean_effect_fe)
        assert pooled["standard_error"] == pytest.approx(expected.sd_eff_w_fe)
        assert pooled["between_machines"] == pooled["i_squared"] == 0
    assert pooled["p_heterogeneity"] == pytest.approx(expected.test_homogeneity().pvalue)


def test_effects_are_paired_within_a_machine_and_pooled_over_machines(raw_runs):
    raw = raw_runs(8).assign(device="cpu", precision="float32")
    raw["measured_on"] = np.where(raw["seed"].astype(int) < 4, "A", "B")
    on_b = (raw["measured_on"] == "B") & (raw["arm"] == "both")
    raw.loc[on_b, "knn_top1"] = raw.loc[on_b, "knn_top1"].astype(float).add(1.0).map(repr)  # the machines disagree
    mixed = (raw["seed"] == "7") & (raw["arm"] == "vanilla")
    raw.loc[mixed, "measured_on"] = "A"  # a seed of two machines is no pair

    pooled = pooled_effects(typed(raw, "x"), AnalysisPlan()).set_index(["metric", "effect"])

    row = pooled.loc["knn_top1", "both-vanilla"]
    assert (row["machines"], row["seeds"]) == (2, 7)
    assert row["estimate"] == pytest.approx(2.0, abs=0.2)  # 1.5 on A, 2.5 on B
    assert row["between_machines"] == pytest.approx(0.7, abs=0.2)
    assert row["ci_low"] < 1.5 < 2.5 < row["ci_high"]
    assert row["p_heterogeneity"] < 0.01


def test_one_machine_has_nothing_to_pool(raw_runs):
    raw = raw_runs(4).assign(device="cpu", measured_on="A")

    assert pooled_effects(typed(raw, "x"), AnalysisPlan()).empty
    assert isinstance(pooled_effects(typed(raw, "x"), AnalysisPlan()), pd.DataFrame)


@pytest.mark.parametrize("difference", [0.3, 0.1, 0.7])
def test_a_machine_whose_seeds_agree_exactly_has_no_standard_error(raw_runs, difference):
    """Its variance would be a rounding error, and its weight that of infinitely many seeds."""
    raw = raw_runs(14, {"vanilla": 0, "dual": 0.5}).assign(device="cpu", precision="float32")
    on_a = raw["seed"].astype(int) < 7
    raw["measured_on"] = np.where(on_a, "A", "B")
    exact = on_a & (raw["arm"] == "dual")
    raw["knn_top1"] = raw["knn_top1"].astype(float).round(2).map(repr)
    base = raw.loc[on_a & (raw["arm"] == "vanilla"), "knn_top1"].astype(float).to_numpy()
    raw.loc[exact, "knn_top1"] = [repr(float(value + difference)) for value in base]

    found = pooled_effects(typed(raw, "x"), AnalysisPlan())

    assert found[found["metric"] == "knn_top1"].empty


def test_a_2x2_is_one_by_what_its_arms_change_not_by_their_names(raw_runs):
    raw = raw_runs(8).assign(device="cpu", precision="float32")
    raw["measured_on"] = np.where(raw["seed"].astype(int) < 4, "A", "B")
    assert "dual_view" in set(pooled_effects(typed(raw, "x"), AnalysisPlan())["effect"])
    assert "dual_view" not in set(pooled_effects(typed(raw, "x"), AnalysisPlan(factorial=None))["effect"])
