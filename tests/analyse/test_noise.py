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
