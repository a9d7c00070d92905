import json
from dataclasses import replace

import numpy as np
import pytest

from moco_bench.analyse.compare import compare, other_images, verdict
from moco_bench.analyse.multiplicity import holm
from moco_bench.analyse.table import typed
from moco_bench.analyse.text import comparison_as_text
from moco_bench.files import write_json
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import METRICS

CONFIG = AnalysisConfig()


def changed(raw_runs, seeds=5, **values):
    raw = raw_runs(seeds)
    for column, value in values.items():
        chosen = raw["arm"] == "dual"
        raw.loc[chosen, column] = [value(v) for v in raw.loc[chosen, column]]
    return typed(raw, "x")


def shifted(raw_runs, *by):
    """Seed by seed, the accuracy of `dual` plus these."""
    steps = iter(by)
    return changed(raw_runs, len(by), knn_top1=lambda value: repr(float(value) + next(steps)))


def row_of(found, arm="dual", metric="knn_top1"):
    (row,) = found.table[(found.table["arm"] == arm) & (found.table["metric"] == metric)].to_dict("records")
    return row


def test_equal_results_are_the_same(runs_of):
    for seeds in (1, 5):
        found = compare(runs_of(seeds), runs_of(seeds), CONFIG)
        assert set(found.table["verdict"]) == {"same"}
        assert set(found.table["paired"]) == {"proven"}
        assert not found.regressed
        assert not found.nothing_compared
        assert len(found.common) == 4 * seeds


def test_a_regression_beyond_the_margin_is_found(raw_runs, runs_of):
    worse = changed(raw_runs, knn_top1=lambda value: str(float(value) - 1.5))
    found = compare(runs_of(5), worse, CONFIG)
    assert found.regressed
    bad = found.table[found.table["verdict"] == "regression"]
    assert list(zip(bad["arm"], bad["metric"], strict=True)) == [("dual", "knn_top1")]
    assert bad.iloc[0]["difference"] == pytest.approx(-1.5)
    assert not compare(worse, runs_of(5), CONFIG).regressed
    assert not compare(runs_of(5), worse, CONFIG, metrics=("linear_top1",)).regressed


def test_a_value_that_is_gone_is_said(raw_runs, runs_of):
    found = compare(runs_of(5), changed(raw_runs, linear_top1=lambda value: ""), CONFIG)
    assert found.lost == ("linear_top1 in 5 of 20 common runs",)
    assert "no value any more in the second: linear_top1 in 5 of 20 common runs" in comparison_as_text(found)
    assert compare(runs_of(5), runs_of(5), CONFIG).lost == ()


def test_results_on_other_images_are_not_compared(runs_of, tmp_path):
    for root, sha256 in (("a", "1"), ("b", "2"), ("c", "1")):
        write_json(tmp_path / root / "data" / "digits.json", {"sha256": sha256})
    assert other_images(tmp_path / "a", tmp_path / "c") == ()
    assert other_images(tmp_path / "a", tmp_path / "elsewhere") == ()
    assert other_images(tmp_path / "a", tmp_path / "b") == ("digits",)
    (dataset,) = set(runs_of(5)["dataset"])
    found = compare(runs_of(5), runs_of(5), CONFIG, images=(dataset,))
    assert found.nothing_compared == "nothing was compared: the images are others"
    assert f"not compared, as the images are others: {dataset}" in comparison_as_text(found)


def test_the_same_has_to_be_shown(raw_runs, runs_of):
    small = compare(runs_of(5), shifted(raw_runs, -0.5, -0.4, -0.6, -0.5, -0.5), CONFIG)
    assert row_of(small)["verdict"] == "same"
    wide = compare(runs_of(5), shifted(raw_runs, -2.5, 2.0, -2.0, 1.9, -1.4), CONFIG)  # mean -0.4: within the margin
    assert row_of(wide)["verdict"] == "unclear"
    assert not wide.regressed
    assert "unclear: " in comparison_as_text(wide)
    assert "1 unclear" in comparison_as_text(wide)


def test_beyond_the_margin_with_an_interval_over_zero_is_unclear(raw_runs, runs_of):
    found = compare(runs_of(3), shifted(raw_runs, -6.0, 1.0, -1.0), CONFIG)
    assert row_of(found)["verdict"] == "unclear"
    assert not found.regressed


def test_one_seed_has_no_interval_and_a_question_mark(raw_runs, runs_of):
    worse = compare(runs_of(1), shifted(raw_runs, -1.5), CONFIG)
    assert row_of(worse)["verdict"] == "regression?"
    assert worse.regressed
    assert "fewer than three common seeds" in comparison_as_text(worse)
    better = compare(runs_of(1), shifted(raw_runs, 1.5), CONFIG)
    assert row_of(better)["verdict"] == "improvement?"
    assert not better.regressed
    assert row_of(compare(runs_of(1), shifted(raw_runs, -0.5), CONFIG))["verdict"] == "unclear"


def test_p_is_corrected_over_the_arms_of_a_metric(raw_runs, runs_of):
    found = compare(runs_of(8), typed(noisy(raw_runs(8)), "x"), CONFIG)
    own = found.table[found.table["metric"] == "knn_top1"]
    assert len(own) == 4
    np.testing.assert_allclose(own["p_holm"], holm(own["p_value"]))
    assert (own["p_holm"] > own["p_value"]).any()
    assert "Holm" in comparison_as_text(found)


def noisy(raw):
    rng = np.random.default_rng(3)
    raw["knn_top1"] = [repr(float(value) + rng.normal(0.4, 0.5)) for value in raw["knn_top1"]]
    return raw


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


def test_nothing_in_common_is_said(raw_runs, runs_of):
    found = compare(runs_of(2), runs_of(2, dataset="digits"), CONFIG)
    assert found.table.empty
    assert len(found.only_before) == len(found.only_after) == 8
    assert "no run is finished on both sides" in found.nothing_compared
    assert comparison_as_text(found).splitlines()[-1] == found.nothing_compared
    busy = changed(raw_runs, 2, exclusive=lambda v: "false")
    silent = compare(busy[busy["arm"] == "dual"], busy[busy["arm"] == "dual"], CONFIG, metrics=("images_per_second",))
    assert "no usable metric" in silent.nothing_compared


def test_runs_of_other_settings_are_listed(raw_runs, runs_of):
    old = raw_runs(2).assign(fingerprint="f", evaluation_fingerprint="e")
    new = old.copy()
    new.loc[new["arm"] == "dual", "fingerprint"] = "g"
    new.loc[(new["arm"] == "both") & (new["seed"] == "1"), "evaluation_fingerprint"] = "h"
    new.loc[new["arm"] == "filter", "fingerprint"] = ""  # not known, so not known to differ
    found = compare(typed(old, "x"), typed(new, "x"), CONFIG)
    listed = ("cifar10/e/dual/seed0", "cifar10/e/dual/seed1", "cifar10/e/both/seed1")
    assert sorted(found.different_settings) == sorted(listed)
    (line,) = [line for line in comparison_as_text(found).splitlines() if line.startswith("different settings")]
    assert all(run in line for run in listed)
    assert "3 of 8 common runs" in line
    assert not compare(runs_of(2), runs_of(2), CONFIG).different_settings
    assert json.dumps(found.different_settings)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([-2.1, -2.0, -1.9], "regression"),
        ([2.1, 2.0, 1.9], "improvement"),
        ([-6.0, 1.0, -1.0], "unclear"),
        ([0.4, 0.5, 0.3], "same"),
        ([-0.9, 0.9, 0.0], "unclear"),
        ([0.0, 0.0], "same"),
        ([2.0, 2.1], "improvement?"),
        ([-2.0, -2.0], "regression?"),
        ([0.3, 0.3], "unclear"),
        ([2.0, 2.0, 2.0], "improvement"),
        ([0.3, 0.3, 0.3], "same"),
        ([-2.0], "regression?"),
        ([2.0], "improvement?"),
        ([-0.5], "unclear"),
        ([0.0], "same"),
    ],
)
def test_the_rule(differences, expected):
    assert verdict(np.array(differences), 1.0, METRICS["knn_top1"]) == expected
    mirrored = {"regression": "improvement", "improvement": "regression", "regression?": "improvement?",
                "improvement?": "regression?"}.get(expected, expected)  # fmt: skip
    assert verdict(np.array(differences), 1.0, METRICS["train_seconds"]) == mirrored
    without_a_side = {"regression": "changed", "regression?": "changed?"}
    neutral = without_a_side.get(expected, without_a_side.get(mirrored, expected))
    assert verdict(np.array(differences), 1.0, replace(METRICS["knn_top1"], better=None)) == neutral


def test_without_a_margin_only_equal_numbers_are_the_same():
    assert verdict(np.array([1.0e-6, 1.1e-6, 0.9e-6]), 0.0, METRICS["knn_top1"]) == "improvement"
    assert verdict(np.zeros(3), 0.0, METRICS["knn_top1"]) == "same"


def test_a_true_difference_beyond_the_margin_is_hardly_ever_called_the_same():
    x = np.random.default_rng(0).normal(-1.0, 0.5, size=(2000, 6))  # at the margin
    assert np.mean([verdict(row, 1.0, METRICS["knn_top1"]) == "same" for row in x]) <= 0.06
