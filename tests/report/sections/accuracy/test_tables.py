"""Differences by class: paired over seeds, the largest first."""

import json

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.accuracy.tables import class_accuracies, classes_table
from moco_bench.report.sections.seeds.figures import pairs_figure

COUNTS = [100, 50]


def write(path, right):
    for place in path.glob("runs/*/*/*/seed*/metrics.json"):
        arm = place.parent.parent.name
        images = {"count": 150, "class_counts": COUNTS, "class_correct": {"knn_top1": right[arm]}, "correct": {}}
        place.write_text(json.dumps({**json.loads(place.read_text()), "images": images}))


def test_arms_are_compared_class_by_class(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    write(path, {"vanilla": [80, 40], "dual": [82, 30], "filter": [80, 40], "both": [79, 41]})
    table = classes_table(load_results(path), Links(path, path / "report"))
    frame = table.frame()
    assert frame.iloc[0][["class", "arm"]].tolist() == ["1", "dual"], "the largest difference comes first"
    assert frame.iloc[0][["baseline", "own", "difference"]].tolist() == pytest.approx([80.0, 60.0, -20.0])
    assert len(frame) == 2 * 3


def test_seeds_that_are_no_pairs_have_no_difference_by_class(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    values["arms"]["wide"] = {"encoder": {"width": 24}}
    path = synthetic.write_results(tmp_path, values)
    write(path, {"vanilla": [80, 40], "dual": [82, 30], "filter": [80, 40], "both": [79, 41], "wide": [20, 10]})
    runs = pd.read_csv(path / "runs.csv", dtype=str)
    runs.loc[runs["arm"] == "wide", "init_hash"] = "another"
    runs.loc[(runs["arm"] == "both") & (runs["seed"] == "1"), "order_hash"] = "another"
    runs.to_csv(path / "runs.csv", index=False)
    results = load_results(path)
    frame = classes_table(results, Links(path, path / "report")).frame()
    assert set(frame["arm"]) == {"dual", "filter", "both"}
    assert "joins the arms that begin with the same weights" in pairs_figure(results).caption


@pytest.mark.parametrize("images", [None, {}, {"class_counts": [1]}, {"class_counts": 3, "class_correct": {}}])
def test_records_that_can_not_be_used_have_no_classes(images):
    assert class_accuracies({"images": images}, "knn_top1") == []


def test_without_outcomes_there_is_no_table(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    assert classes_table(load_results(path), Links(path, path / "report")) is None
