import numpy as np
import pytest

from moco_bench.analyse.contrasts import FACTORIAL, contrasts_among
from moco_bench.analyse.pairing import paired_values, random_number_table, runs_by_seed
from moco_bench.analyse.table import typed
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
    dual = paired_values(runs_by_seed(runs), FACTORIAL[0], KNN)
    np.testing.assert_allclose(
        dual.values, ((by_arm["dual"] + by_arm["both"]) - (by_arm["vanilla"] + by_arm["filter"])) / 2, atol=1e-5
    )
    assert pairs.pairing == dual.pairing == "proven"


@pytest.mark.parametrize("name", ["init_hash", "order_hash", "augment_hash"])
def test_unequal_hashes_are_no_pair(raw_runs, name):
    raw = raw_runs(3)
    raw.loc[of(raw, "both", 1), name] = "other"
    runs = typed(raw, "x")
    pairs = paired_values(runs_by_seed(runs), BOTH, KNN)
    assert pairs.seeds == (0, 2)
    assert pairs.left_out == {1: "not paired: the arms' hashes differ"}
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
