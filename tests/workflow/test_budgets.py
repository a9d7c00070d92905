"""Equal compute through the workflow: costs first, then runs of their own, shared where they would be the same."""

from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.usefixtures("quick_commands")

SMALL: dict[str, Any] = {
    "dataset": {"name": "digits", "train_limit": 256, "test_limit": 100},
    "encoder__width": 8,
    "contrast__queue_size": 128,
    "train": {"epochs": 4, "batch_size": 64, "precision": "float32", "device": "cpu"},
    "evaluate": {
        "knn_k": 5,
        "corruptions": False,
        "floors": False,
        "probe": {"c_values": [1.0]},
    },
    "seeds": 1,
    "arms": {
        "vanilla": None,
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "symmetric": {"contrast": {"dual_view": "symmetric"}},
    },
    "budgets": ["epochs", "flops"],
}


def test_equal_operations_from_images_to_report(workflow: Any) -> None:
    suite = workflow.write_suite(**SMALL)
    outcome = workflow.run("--cores", "2", "--configfile", suite)
    assert outcome.code == 0, outcome.text
    runs = pd.read_csv(workflow.directory / "results/tiny/runs.csv").set_index(["arm", "budget"])
    assert (runs["status"] == "done").all()
    assert runs.loc[("symmetric", "flops"), "epochs"] == 2
    assert runs.loc[("dual", "flops"), "epochs"] == 4
    assert runs.loc[("dual", "flops"), "shared_from"] == "tiny/runs/digits/resnet-compact/dual/seed0"
    assert runs.loc[("dual", "flops"), "knn_top1"] == runs.loc[("dual", "epochs"), "knn_top1"]
    assert ("vanilla", "flops") not in runs.index
    effects = pd.read_csv(workflow.directory / "results/tiny/effects.csv")
    at_equal_compute = effects[effects["budget"] == "flops"]
    assert {"dual-vanilla", "symmetric-vanilla"} <= set(at_equal_compute["effect"])
    page = (workflow.directory / "reports/tiny/report.html").read_text()
    assert "Equal compute" in page
    table = pd.read_csv(workflow.directory / "reports/tiny/tables/budgets.csv").set_index("arm")
    assert table.loc["symmetric", "epochs"] == 2

    again = workflow.plan(suite)
    assert again.counts == {}
    more = {**SMALL["arms"], "filter": {"contrast": {"negatives": "hardest"}}}
    plan = workflow.plan(workflow.write_suite(**{**SMALL, "arms": more}))
    assert "Measure what a step of each arm costs" in plan.jobs
