import pytest

from moco_bench.analyse.compare import compare, verdict
from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.table import typed
from moco_bench.suite.analysis import AnalysisConfig

CONFIG = AnalysisConfig()


def changed(raw_runs, **values):
    raw = raw_runs(5)
    for column, value in values.items():
        chosen = raw["arm"] == "dual"
        raw.loc[chosen, column] = [value(v) for v in raw.loc[chosen, column]]
    return typed(raw, "x")


def test_equal_results_are_the_same(runs_of):
    found = compare(runs_of(5), runs_of(5), CONFIG)
    assert set(found.table["verdict"]) == {"same"}
    assert set(found.table["paired"]) == {"proven"}
    assert not found.regressed


def test_a_regression_beyond_the_margin_is_found(raw_runs, runs_of):
    worse = changed(raw_runs, knn_top1=lambda value: str(float(value) - 1.5))
    found = compare(runs_of(5), worse, CONFIG)
    assert found.regressed
    bad = found.table[found.table["verdict"] == "regression"]
    assert list(zip(bad["arm"], bad["metric"], strict=True)) == [("dual", "knn_top1")]
    assert bad.iloc[0]["difference"] == pytest.approx(-1.5)
    assert not compare(worse, runs_of(5), CONFIG).regressed
    assert not compare(runs_of(5), worse, CONFIG, metrics=("linear_top1",)).regressed


def test_within_the_margin_nothing_is_wrong(raw_runs, runs_of):
    assert not compare(runs_of(5), changed(raw_runs, knn_top1=lambda v: str(float(v) - 0.5)), CONFIG).regressed


def test_more_memory_is_worse_and_more_speed_better(raw_runs, runs_of):
    assert compare(runs_of(5), changed(raw_runs, peak_memory_mib=lambda v: "900"), CONFIG).regressed
    faster = compare(runs_of(5), changed(raw_runs, images_per_second=lambda v: "2000"), CONFIG)
    assert not faster.regressed
    assert "improvement" in set(faster.table["verdict"])


def test_rows_of_one_side_are_listed_and_new_failures_are_regressions(raw_runs, runs_of):
    raw = raw_runs(5)
    raw.loc[0, "status"] = "failed"
    raw.loc[1, "status"] = "missing"
    found = compare(runs_of(5), typed(raw, "x"), CONFIG)
    assert found.newly_failed == ("cifar10/e/vanilla/seed0",)
    assert found.only_before == ("cifar10/e/dual/seed0",)
    assert found.regressed
    back = compare(typed(raw, "x"), runs_of(5), CONFIG)
    assert back.only_after == ("cifar10/e/vanilla/seed0", "cifar10/e/dual/seed0")
    assert not back.regressed


def test_nothing_in_common(runs_of):
    found = compare(runs_of(2), runs_of(2, dataset="digits"), CONFIG)
    assert found.table.empty
    assert len(found.only_before) == len(found.only_after) == 8


@pytest.mark.parametrize(
    ("difference", "low", "high", "expected"),
    [(-2, -3, -1, "regression"), (-2, -5, 1, "unclear"), (2, 1, 3, "improvement"), (0.4, 0.3, 0.5, "same"),
     (-2, float("nan"), float("nan"), "regression")],
)  # fmt: skip
def test_the_rule(difference, low, high, expected):
    assert verdict(difference, low, high, 1.0, METRICS["knn_top1"]) == expected
