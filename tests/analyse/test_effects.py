import math
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.detectable import detectable_dz
from moco_bench.analyse.effects import COLUMNS, TOGETHER, effects_of
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.signflip import sign_flip_p
from moco_bench.analyse.table import typed
from moco_bench.suite.config.analysis import AnalysisConfig


def pick(effects, effect, metric="knn_top1", **where):
    chosen = effects[(effects["effect"] == effect) & (effects["metric"] == metric)]
    for name, value in where.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_known_effects_are_found(runs_of):
    effects = effects_of(runs_of(8))
    assert tuple(effects.columns) == COLUMNS
    assert " ".join(COLUMNS[:13]) == (
        "dataset encoder metric budget effect estimate ci_low ci_high ci_method p_value p_holm n_seeds paired"
    )
    truth = {"dual_view": 2.25, "filtering": -0.75, "interaction": 0.5, "both-vanilla": 1.5}
    for name, value in truth.items():
        row = pick(effects, name)
        assert row["estimate"] == pytest.approx(value, abs=0.15)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]
        assert (row["n_seeds"], row["paired"], row["ci_method"]) == (8, "proven", "t")
    assert pick(effects, "dual_view")["finding"] == "higher"
    assert pick(effects, "filtering")["finding"] == "lower"


def test_interval_and_p_are_those_of_the_paired_differences(runs_of):
    runs = runs_of(7)
    by_arm = runs.pivot(index="seed", columns="arm", values="knn_top1")
    difference = by_arm["dual"] - by_arm["vanilla"]
    row = pick(effects_of(runs), "dual-vanilla")
    theirs = stats.ttest_rel(by_arm["dual"], by_arm["vanilla"])
    low, high = theirs.confidence_interval()
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    exact = stats.permutation_test((difference,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert row["p_value"] == pytest.approx(exact.pvalue)
    assert row["smallest_p"] == 2 / 2**7


def test_each_family_is_corrected_apart(runs_of):
    plan = AnalysisPlan(contrasts={"dual against filter": ("dual", "filter")})
    effects = effects_of(runs_of(8, spread=1.5), plan)
    knn = effects[effects["metric"] == "knn_top1"]
    for kind, size in (("factorial", 3), ("arm", 3), ("simple", 2), ("suite", 1)):
        family = knn[knn["kind"] == kind]
        assert len(family) == size
        np.testing.assert_allclose(family["p_holm"], holm(family["p_value"]))


def test_a_family_may_span_the_suite(runs_of):
    import pandas as pd

    runs = pd.concat([runs_of(8, spread=1.5), runs_of(8, spread=1.5, dataset="cifar100")], ignore_index=True)
    apart = effects_of(runs)
    together = effects_of(runs, AnalysisPlan(AnalysisConfig(holm="suite")))
    chosen = (together["metric"] == "knn_top1") & (together["kind"] == "factorial")
    np.testing.assert_allclose(together.loc[chosen, "p_holm"], holm(together.loc[chosen, "p_value"]))
    assert (together.loc[chosen, "p_holm"] >= apart.loc[chosen, "p_holm"]).all()


def test_three_seeds_confirm_nothing_however_large_the_effect(runs_of):
    effects = effects_of(runs_of(3, {"vanilla": 0, "dual": 20, "filter": 0, "both": 20}))
    row = pick(effects, "dual_view")
    assert row["finding"] == "leans-higher"
    assert row["p_value"] == 0.25
    assert set(effects["finding"]) <= {"leans-higher", "leans-lower", "leans-equivalent", "inconclusive"}


def test_no_difference_is_a_finding(runs_of):
    row = pick(effects_of(runs_of(8, {"vanilla": 0, "dual": 0.2, "filter": 0, "both": 0.2}, spread=0.6)), "filtering")
    assert row["finding"] == "equivalent"
    assert row["margin"] == 1.0


def test_a_half_finished_grid_keeps_its_rows(raw_runs):
    raw = raw_runs(4)
    raw.loc[raw["arm"] == "both", "status"] = "missing"
    effects = effects_of(typed(raw, "x"))
    row = pick(effects, "dual_view")
    assert row["finding"] == "no-data"
    assert math.isnan(row["estimate"])
    assert math.isnan(row["p_holm"])
    assert row["n_seeds"] == 0
    assert "seed 0: no finished run of both" in row["left_out"]
    assert pick(effects, "dual-vanilla")["n_seeds"] == 4


def test_one_seed_has_an_estimate_and_no_interval(runs_of):
    row = pick(effects_of(runs_of(1)), "dual-vanilla")
    assert row["estimate"] == pytest.approx(2.0, abs=0.5)
    assert math.isnan(row["ci_low"])
    assert row["finding"] == "inconclusive"


def test_speed_comes_from_undisturbed_runs_and_its_margin_from_the_control(raw_runs):
    raw = raw_runs(4)
    raw.loc[raw["seed"] == "3", "exclusive"] = "false"
    row = pick(effects_of(typed(raw, "x")), "both-vanilla", "images_per_second")
    assert row["n_seeds"] == 3
    assert row["estimate"] == pytest.approx(-50)
    assert row["margin"] == pytest.approx(50)


def test_the_suite_may_choose_the_bootstrap_interval(runs_of):
    runs = runs_of(8)
    by_t = pick(effects_of(runs), "dual_view")
    by_bootstrap = pick(effects_of(runs, AnalysisPlan(AnalysisConfig(interval="studentised-bootstrap"))), "dual_view")
    assert by_bootstrap["ci_method"] == "studentised-bootstrap"
    assert (by_bootstrap["ci_low"], by_bootstrap["ci_high"]) == (by_t["other_low"], by_t["other_high"])


def test_budgets_are_told_apart(runs_of):
    import pandas as pd

    shorter = runs_of(8, budget="seconds", gains={"vanilla": 0, "dual": -1, "filter": 0, "both": 0})
    shorter.loc[shorter["arm"] == "dual", "order_hash"] = "shorter"
    effects = effects_of(pd.concat([runs_of(8), shorter], ignore_index=True))
    assert pick(effects, "dual-vanilla", budget="epochs")["estimate"] > 1.5
    equal_compute = pick(effects, "dual-vanilla", budget="seconds")
    assert equal_compute["estimate"] < -0.5
    assert equal_compute["paired"] == "initialisation"


def test_equivalence_is_corrected_within_the_family(runs_of):
    effects = effects_of(runs_of(8, {"vanilla": 0, "dual": 0.2, "filter": 0.5, "both": 0.1}, spread=0.8))
    family = effects[(effects["metric"] == "knn_top1") & (effects["kind"] == "factorial")]
    worse_of_two = np.maximum(family["p_equivalence"], family["p_equivalence_exact"])
    np.testing.assert_allclose(family["p_equivalence_holm"], holm(worse_of_two))
    assert (family["p_equivalence_holm"] > worse_of_two).any()
    assert set(family["family_size"]) == {3}


def test_the_interval_of_equivalence_is_that_of_two_one_sided_tests(runs_of):
    runs = runs_of(7)
    row = pick(effects_of(runs), "dual-vanilla")
    by_arm = runs.pivot(index="seed", columns="arm", values="knn_top1")
    low, high = stats.ttest_rel(by_arm["dual"], by_arm["vanilla"]).confidence_interval(0.9)
    assert (row["equivalence_low"], row["equivalence_high"]) == pytest.approx((low, high))
    strict = pick(effects_of(runs, AnalysisPlan(AnalysisConfig(confidence=0.99))), "dual-vanilla")
    low, high = stats.ttest_rel(by_arm["dual"], by_arm["vanilla"]).confidence_interval(0.98)
    assert (strict["equivalence_low"], strict["equivalence_high"]) == pytest.approx((low, high))


def test_what_could_have_been_seen_is_by_the_declared_rule(runs_of):
    row = pick(effects_of(runs_of(8)), "dual_view")
    assert row["detectable_effect"] == pytest.approx(detectable_dz(8, tests=3) * row["standard_deviation"])
    alone = pick(effects_of(runs_of(8, {"vanilla": 0, "dual": 1})), "dual-vanilla")
    assert alone["detectable_effect"] == pytest.approx(detectable_dz(8, tests=1) * alone["standard_deviation"])
    assert math.isnan(pick(effects_of(runs_of(6)), "dual_view")["detectable_effect"])
    assert pick(effects_of(runs_of(6, {"vanilla": 0, "dual": 1})), "dual-vanilla")["detectable_effect"] > 0


def test_a_treatment_that_takes_less_time_is_the_better_one(raw_runs):
    raw = raw_runs(4)
    raw["train_seconds"] = [{"both": "90", "filter": "110"}.get(arm, "100") for arm in raw["arm"]]
    effects = effects_of(typed(raw, "x"))
    assert pick(effects, "both-vanilla", "train_seconds")["probability_of_improvement"] == 1.0
    assert pick(effects, "filter-vanilla", "train_seconds")["probability_of_improvement"] == 0.0
    assert pick(effects, "both-vanilla", "images_per_second")["probability_of_improvement"] == 0.0


@pytest.mark.parametrize("seeds", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("gain", [0.0, 20.0])
def test_nothing_is_decided_by_fewer_than_seven_seeds(runs_of, seeds, gain):
    effects = effects_of(runs_of(seeds, {"vanilla": 0, "dual": gain, "filter": 0, "both": gain}, spread=1e-3))
    assert not set(effects["finding"]) & {"higher", "lower", "equivalent"}


def test_seven_seeds_decide_in_both_directions(runs_of):
    effects = effects_of(runs_of(7, {"vanilla": 0, "dual": 20, "filter": 0, "both": 20}, spread=1e-3))
    assert pick(effects, "dual_view")["finding"] == "higher"
    assert pick(effects, "filtering")["finding"] == "equivalent"


@pytest.mark.alone
@pytest.mark.slow  # about the machine's time
def test_forty_runs_take_about_a_second(runs_of):
    runs = runs_of(10)
    detectable_dz.cache_clear()
    begin = time.process_time()
    effects_of(runs)
    assert time.process_time() - begin < 1.5


def test_two_seeds_that_agree_to_the_last_digit_lean_nowhere(raw_runs):
    raw = raw_runs(2, {"vanilla": 0, "dual": 0})
    raw["knn_top1"] = ["60", "61.5"] * 2
    row = pick(effects_of(typed(raw, "x")), "dual-vanilla")
    assert row["finding"] == "inconclusive"
    assert math.isnan(row["ci_low"])
    assert row["note"] == "no interval: the 2 seeds' differences are equal, so nothing is known of their spread"


@pytest.mark.parametrize("steps", [(70.1, 69.7, 71.4), (0.1, 0.2, 0.7), (33.33, 66.67, 99.1)])
def test_where_seeds_agree_exactly_no_figure_is_based_on_their_spread(raw_runs, steps):
    raw = raw_runs(3, {"vanilla": 0, "dual": 0})
    raw["knn_top1"] = [repr(value) for step in steps for value in (step, step + 0.3)]
    row = pick(effects_of(typed(raw, "x")), "dual-vanilla")
    assert row["estimate"] == 0.3
    assert row[["p_value", "probability_of_improvement"]].tolist() == [0.25, 1.0], "counted, not estimated"
    of_spread = [
        "standard_deviation", "cohens_dz", "ci_low", "ci_high", "other_low", "other_high", "p_equivalence",
        "equivalence_low", "equivalence_high", "detectable_effect",
    ]  # fmt: skip
    assert row[of_spread].isna().all()
    assert row["p_equivalence_holm"] == row["p_equivalence_exact"] > 0.1


@pytest.mark.parametrize("images", [359, 357, 1797, 24_000])
def test_one_more_image_right_in_every_seed_is_the_same_difference(raw_runs, images):
    """A step of 100 / images has no last digit, and files hold ten."""
    raw = raw_runs(5, {"vanilla": 0, "dual": 0})
    right = [images // 2 + 7 * seed for seed in range(5)]
    raw["knn_top1"] = [f"{100 * (count + more) / images:.10g}" for count in right for more in (0, 1)]
    row = pick(effects_of(typed(raw, "x")), "dual-vanilla")
    assert row["estimate"] == pytest.approx(100 / images, abs=1e-6)
    assert row[["ci_low", "ci_high", "cohens_dz", "standard_deviation"]].isna().all()
    assert "differences are equal" in row["note"]


def test_a_tie_in_a_factorial_effect_is_half_a_win(raw_runs):
    raw = raw_runs(11)
    tie = {"vanilla": 70.1, "dual": 70.4, "filter": 70.5, "both": 70.2}
    assert (tie["dual"] + tie["both"] - tie["vanilla"] - tie["filter"]) / 2 != 0, "binary fractions miss it"
    change = [0.1] * 4 + [0.0] + [-0.1] * 6
    raw["knn_top1"] = [
        repr(tie[arm] + change[int(seed)] * (arm == "dual")) for arm, seed in raw[["arm", "seed"]].values
    ]
    row = pick(effects_of(typed(raw, "x")), "dual_view")
    assert row["probability_of_improvement"] == 4.5 / 11
    equal = raw_runs(3, {"vanilla": 0, "dual": 0})
    equal["knn_top1"] = ["61.3"] * 6
    row = pick(effects_of(typed(equal, "x")), "dual-vanilla")
    assert row[["estimate", "probability_of_improvement", "p_value"]].tolist() == [0.0, 0.5, 1.0]


def test_effects_are_computed_together_with_the_bits_of_each_alone(runs_of, monkeypatch):
    """A grid of 500 arms would otherwise wait for thousands of small computations."""
    arms = {"vanilla": 0.0, **{f"arm{n}": n / 10 for n in range(40)}}
    runs, calls = runs_of(9, arms), []
    monkeypatch.setattr(
        "moco_bench.analyse.effects.sign_flip_p", lambda *args, **more: calls.append(args) or sign_flip_p(*args, **more)
    )
    together = effects_of(runs)
    metrics = together["metric"].nunique()
    assert len(calls) == metrics * math.ceil(40 / TOGETHER)

    alone = effects_of(runs[runs["arm"].isin(["vanilla", "arm7"])])
    corrected = ["p_holm", "p_equivalence_holm", "family_size", "finding", "detectable_effect"]
    pd.testing.assert_frame_equal(
        together[together["effect"] == "arm7-vanilla"].drop(columns=corrected).reset_index(drop=True),
        alone.drop(columns=corrected),
        check_exact=True,
    )
