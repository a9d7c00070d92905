import pytest

from moco_bench.analyse.noise import noise_floor
from moco_bench.analyse.table import typed


def test_identical_replicates_have_no_noise(runs_of):
    found = noise_floor(runs_of(4, replicates=2), "knn_top1").set_index("arm")
    assert list(found.index) == ["vanilla", "dual", "filter", "both"]
    assert found.loc["dual", "identical"] == found.loc["dual", "replicated_seeds"] == 4
    assert found.loc["dual", "largest_difference"] == 0
    runs = runs_of(4)
    assert found.loc["dual", "seed_sd"] == pytest.approx(runs.loc[runs["arm"] == "dual", "knn_top1"].std())


def test_differing_replicates_are_measured(raw_runs):
    raw = raw_runs(3, replicates=2)
    chosen = (raw["arm"] == "both") & (raw["replicate"] == "2") & (raw["seed"] == "1")
    raw.loc[chosen, "knn_top1"] = str(float(raw.loc[chosen, "knn_top1"].iloc[0]) + 0.3)
    found = noise_floor(typed(raw, "x"), "knn_top1").set_index("arm")
    assert found.loc["both", "identical"] == 2
    assert found.loc["both", "largest_difference"] == pytest.approx(0.3)
    assert found.loc["both", "mean_difference"] == pytest.approx(0.1)


def test_without_replicates_there_is_nothing(runs_of):
    assert noise_floor(runs_of(3), "knn_top1").empty


def hashes(runs, **changes):
    """A hash of weights for each run: that of its arm and seed, as if replicates repeated."""
    own = {run["directory"]: f"{run['arm']}{run['seed']}" for run in runs.to_dict("records")}
    return {**own, **changes}


def with_folders(raw_runs):
    raw = raw_runs(3, replicates=2)
    raw["directory"] += raw["replicate"].map({"1": "", "2": "-rep2"})
    return typed(raw, "x")


def test_equal_accuracy_is_not_equal_weights(raw_runs):
    runs = with_folders(raw_runs)
    other = {"runs/cifar10/e/both/seed1-rep2": "something else"}
    found = noise_floor(runs, "knn_top1", hashes(runs, **other)).set_index("arm")
    assert found.loc["both", ["identical", "weights_compared", "identical_weights"]].tolist() == [3, 3, 2]
    assert found.loc["dual", ["identical", "weights_compared", "identical_weights"]].tolist() == [3, 3, 3]


def test_weights_are_compared_where_both_hashes_are_known(raw_runs):
    runs = with_folders(raw_runs)
    known = hashes(runs)
    del known["runs/cifar10/e/dual/seed2"]
    found = noise_floor(runs, "knn_top1", known).set_index("arm")
    assert found.loc["dual", ["replicated_seeds", "weights_compared", "identical_weights"]].tolist() == [3, 2, 2]
    unknown = noise_floor(runs, "knn_top1").set_index("arm")
    assert set(unknown["weights_compared"]) == set(unknown["identical_weights"]) == {0}


def test_a_repeat_whose_first_run_is_missing_is_left_out(raw_runs):
    raw = raw_runs(2, replicates=2)
    raw.loc[(raw["arm"] == "both") & (raw["replicate"] == "1"), "status"] = "missing"
    assert "both" not in set(noise_floor(typed(raw, "x"), "knn_top1")["arm"])
