"""Every arm's own search through the workflow: candidates first, then runs with what each arm's search chose."""

import json
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.usefixtures("quick_commands")

SMALL: dict[str, Any] = {
    "dataset": {"name": "digits", "train_limit": 256, "test_limit": 100},
    "encoder__width": 8,
    "contrast__queue_size": 128,
    "train": {"epochs": 1, "batch_size": 64, "precision": "float32", "device": "cpu"},
    "evaluate": {"knn_k": 5, "corruptions": False, "floors": False, "probe": {"c_values": [1.0]}},
    "seeds": 1,
    "arms": {"vanilla": None, "dual": {"contrast": {"dual_view": "key-in-batch"}}},
    "tune": {"train.learning_rate": [0.001, 0.3]},
}


def test_from_search_to_report(workflow: Any) -> None:
    suite = workflow.write_suite(**SMALL)
    outcome = workflow.run("--cores", "2", "--configfile", suite)
    assert outcome.code == 0, outcome.text
    results = workflow.directory / "results/tiny"
    table = pd.read_csv(results / "tune.csv")
    assert list(table["arm"]) == ["vanilla", "vanilla", "dual", "dual"]
    assert list(table.groupby("arm")["chosen"].sum()) == [1, 1]
    best = table.loc[table.groupby("arm")["score"].idxmax()].set_index("arm")["train.learning_rate"]
    for arm in ("vanilla", "dual"):
        [place] = (results / "runs/digits/resnet-compact" / arm).glob("seed0/run.json")
        assert json.loads(place.read_text())["config"]["train"]["learning_rate"] == best[arm]
    assert (pd.read_csv(results / "runs.csv")["status"] == "done").all()

    again = workflow.run("--cores", "2", "--configfile", suite, "--dry-run")
    assert "Nothing to be done" in again.text
