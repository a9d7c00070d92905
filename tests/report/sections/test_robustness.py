"""Curves of corruptions."""

import numpy as np

from moco_bench.report.read.results import load_results
from moco_bench.report.sections.robustness import corruption_figure


def test_corruptions_start_from_the_clean_accuracy(four_seeds):
    data = corruption_figure(four_seeds).data
    clean = data[(data["strength"] == 0) & (data["corruption"] == "noise")].set_index(["arm", "seed"])["knn_top1"]
    runs = four_seeds.runs.set_index(["arm", "seed"])["knn_top1"]
    np.testing.assert_allclose(clean.sort_index(), runs.sort_index())
    assert sorted(data["strength"].unique()) == [0, 1, 2, 3]


def test_runs_of_another_budget_are_in_no_curve_of_corruptions(tmp_path, synthetic):
    values = {**synthetic.suite_values(2), "budgets": ["epochs", "flops"]}
    results = load_results(synthetic.write_results(tmp_path, values, costs={"dual": 2.0, "filter": 2.0, "both": 2.0}))
    assert set(results.finished["budget"]) == {"epochs", "flops"}
    data = corruption_figure(results).data
    assert not data.duplicated(["dataset", "encoder", "arm", "seed", "corruption", "strength"]).any()
