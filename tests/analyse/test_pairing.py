import numpy as np
import pytest

from moco_bench.analyse.analysis_plan import plan_of
from moco_bench.analyse.contrasts import contrasts_among, main_effects
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.pairing import paired_values, random_number_table, runs_by_seed, why_no_pairs
from moco_bench.analyse.table import HASHES, typed
from moco_bench.suite.factorial import Factorial
from moco_bench.suite.load import parse_suite
from moco_bench.suite.metrics import METRICS

KNN, SPEED = METRICS["knn_top1"], METRICS["images_per_second"]
BOTH = contrasts_among(("vanilla", "both"))[0]


def of(runs, arm, seed):
    return (runs["arm"] == arm) & (runs["seed"].astype(str) == str(seed))


def test_values_are_differences_within_a_seed(runs_of):
    runs = runs_of(4)
    by_arm = runs.pivot(index="seed", columns="arm", values="knn_top1")
    pairs = paired_values(runs_by_seed(runs), BOTH, KNN)
    assert pairs.seeds == (0, 1, 2, 3)
    np.testing.assert_allclose(pairs.values, by_arm["both"] - by_arm["vanilla"], atol=1e-5)
    dual = paired_values(runs_by_seed(runs), main_effects(Factorial())[0], KNN)
    np.testing.assert_allclose(
        dual.values, ((by_arm["dual"] + by_arm["both"]) - (by_arm["vanilla"] + by_arm["filter"])) / 2, atol=1e-5
    )
    assert pairs.pairing == dual.pairing == "proven"


@pytest.mark.parametrize(
    ("name", "what"),
    [("init_hash", "initial weights"), ("order_hash", "batch order"), ("augment_hash", "augmentations")],
)
def test_unequal_hashes_are_no_pair(raw_runs, name, what):
    raw = raw_runs(3)
    raw.loc[of(raw, "both", 1), name] = "other"
    runs = typed(raw, "x")
    pairs = paired_values(runs_by_seed(runs), BOTH, KNN)
    assert pairs.seeds == (0, 2)
    assert pairs.left_out == {1: f"not paired: the arms differ in {what}"}
    others = contrasts_among(("vanilla", "dual"))[0]
    assert paired_values(runs_by_seed(runs), others, KNN).seeds == (0, 1, 2)
    assert list(random_number_table(runs)["paired"]) == ["proven", "not paired", "proven"]
    assert "other" in random_number_table(runs)[name][1]


def test_without_hashes_pairs_are_unproven(raw_runs, runs_of):
    assert paired_values(runs_by_seed(runs_of(3, hashes=False)), BOTH, KNN).pairing == "unproven"
    raw = raw_runs(3)
    raw.loc[of(raw, "both", 2), "order_hash"] = ""
    assert paired_values(runs_by_seed(typed(raw, "x")), BOTH, KNN).pairing == "unproven"
    assert set(random_number_table(runs_of(2, hashes=False))["paired"]) == {"unproven"}


def test_runs_of_equal_compute_share_their_initialisation_only(raw_runs):
    raw = raw_runs(3, budget="seconds")
    raw.loc[raw["arm"] == "both", "order_hash"] = "shorter"
    runs = typed(raw, "x")
    pairs = paired_values(runs_by_seed(runs), BOTH, KNN)
    assert (pairs.seeds, pairs.pairing) == ((0, 1, 2), "initialisation")
    assert set(random_number_table(runs)["paired"]) == {"initialisation only"}
    raw.loc[of(raw, "both", 0), "init_hash"] = "other"
    assert paired_values(runs_by_seed(typed(raw, "x")), BOTH, KNN).seeds == (1, 2)


def test_runs_that_serve_at_two_budgets_are_proven_pairs_at_both(raw_runs):
    raw = raw_runs(3, budget="flops")
    runs = typed(raw, "x")
    assert paired_values(runs_by_seed(runs), BOTH, KNN).pairing == "proven"
    assert set(random_number_table(runs)["paired"]) == {"proven"}
    raw.loc[of(raw, "both", 1), "augment_hash"] = "longer"
    runs = typed(raw, "x")
    pairs = paired_values(runs_by_seed(runs), BOTH, KNN)
    assert (pairs.seeds, pairs.pairing) == ((0, 1, 2), "initialisation"), "the weakest proof counts"
    assert list(random_number_table(runs)["paired"]) == ["proven", "initialisation only", "proven"]


def test_missing_failed_and_disturbed_runs_leave_their_seed_out(raw_runs):
    raw = raw_runs(4)
    raw.loc[of(raw, "both", 0), "status"] = "failed"
    raw.loc[of(raw, "vanilla", 1), "status"] = "missing"
    raw.loc[of(raw, "both", 2), "knn_top1"] = ""
    raw.loc[of(raw, "both", 3), "exclusive"] = "false"
    runs = typed(raw, "x")
    pairs = paired_values(runs_by_seed(runs), BOTH, KNN)
    assert pairs.seeds == (3,)
    assert pairs.left_out == {
        0: "no finished run of both",
        1: "no finished run of vanilla",
        2: "no knn_top1",
    }
    speed = paired_values(runs_by_seed(runs), BOTH, SPEED)
    assert speed.seeds == (2,)
    assert speed.left_out[3] == "something else ran on the machine"


def test_a_repeated_seed_counts_once(runs_of):
    assert paired_values(runs_by_seed(runs_of(3, replicates=2)), BOTH, KNN).seeds == (0, 1, 2)


@pytest.mark.parametrize(
    ("change", "differ", "pairing"),
    [
        ({"train": {"epochs": 3}}, ("order_hash", "augment_hash"), "initialisation"),
        ({"train": {"stop_after_epochs": 1}}, ("order_hash", "augment_hash"), "initialisation"),
        ({"train": {"batch_size": 32}}, ("augment_hash",), "initialisation"),
        ({"train": {"augment": {"flip": 0.0}}}, ("augment_hash",), "initialisation"),
        ({"encoder": {"width": 12}}, ("init_hash",), "none"),
        ({"encoder": {"head": "mlp"}, "train": {"epochs": 3}}, HASHES, "none"),
        ({"contrast": {"temperature": 0.3}}, ("init_hash",), "none"),
    ],
)
def test_an_arm_is_paired_by_what_its_design_shares(raw_runs, change, differ, pairing):
    suite = parse_suite(
        {
            "name": "s", "dataset": "digits", "encoder": {"name": "resnet-compact", "width": 8},
            "contrast": {"queue_size": 64}, "train": {"epochs": 2, "batch_size": 64}, "seeds": 3,
            "arms": {"vanilla": None, "both": change},
        },
        "suite.yaml",
    )  # fmt: skip
    plan = plan_of(suite)
    raw = raw_runs(3, gains={"vanilla": 0.0, "both": 1.0})
    for name in differ:
        raw.loc[raw["arm"] == "both", name] = "its own"
    runs = typed(raw, "x")
    effect = effects_of(runs, plan).query("metric == 'knn_top1'").to_dict("records")[0]
    assert effect["paired"] == pairing
    if pairing == "none":
        assert why_no_pairs(effect) == (
            "both has another network" if "encoder" in change else "the arms differ in initial weights"
        )
    else:
        assert (effect["n_seeds"], why_no_pairs(effect)) == (3, "")
        assert set(random_number_table(runs, plan.shared)["paired"]) == {"proven"}, "of the arms that share all"
    raw.loc[raw["arm"] == "both", "init_hash"] = "another's"
    assert effects_of(typed(raw, "x"), plan)["n_seeds"].max() == 0, "what no design explains is no pair"


def test_a_seed_that_never_finished_is_not_blamed_on_the_network(raw_runs):
    raw = raw_runs(2, gains={"vanilla": 0.0, "both": 1.0})
    raw.loc[raw["arm"] == "both", "status"] = "missing"
    effect = effects_of(typed(raw, "x")).to_dict("records")[0]
    assert effect["left_out"] == "seed 0: no finished run of both; seed 1: no finished run of both"
    assert why_no_pairs(effect) == ""


def test_planned_seeds_without_a_run_are_counted_and_failed_ones_are_not(raw_runs):
    raw = raw_runs(8)
    raw.loc[of(raw, "both", 6) | of(raw, "both", 7) | of(raw, "filter", 7), "status"] = "missing"
    raw.loc[of(raw, "dual", 5), "status"] = "failed"
    found = effects_of(typed(raw, "x")).query("metric == 'knn_top1'").set_index("effect")
    pending = {"dual-vanilla": 0, "filter-vanilla": 1, "both-vanilla": 2, "dual_view": 2}
    assert {name: found.loc[name, "n_pending"] for name in pending} == pending
    of_family = found.groupby("kind")["n_pending"].max() > 0
    assert set(found.index[found["finding"] == "interim"]) == set(found.index[found["kind"].map(of_family)])
    assert found.loc["dual-vanilla", "finding"] == "interim", "it is corrected together with two that are not done"
