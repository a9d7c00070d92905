"""The command from a suite file to its files, with fresh processes and all: one small suite, measured once."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from moco_bench.cli.main import main
from moco_bench.profile.run import _first_of_each_evaluation
from moco_bench.suite.load import load_suite, parse_suite
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.runs import expand

ARMS = {
    "vanilla": None,
    "both": {"contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.25}}},
}
SUITE = {
    "name": "small",
    "dataset": {"name": "digits", "train_limit": 200},
    "encoder": {"name": "resnet-compact", "width": 8, "dimension": 32},
    "contrast": {"queue_size": 256},
    "train": {"epochs": 1, "batch_size": 64, "precision": "float32", "device": "cpu"},
    "evaluate": {"knn_k": 5, "probe": {"c_values": [1.0]}},
    "arms": ARMS,
    "profile": {"repeats": 2, "steps": 1, "warmup_steps": 1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("profile")
    (root / "suite.yaml").write_text(yaml.safe_dump(SUITE))
    assert main(["profile", str(root / "suite.yaml"), "--results", str(root), "--trace", str(root / "t.json")]) == 0
    return root


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with open(folder / "small" / "profile" / f"{name}.csv", newline="") as handle:
        return list(csv.DictReader(handle))


def test_tables_have_the_columns_that_are_promised(folder):
    assert list(table(folder, "memory")[0])[:4] == ["arm", "phase", "part", "mib"]
    assert list(table(folder, "time")[0])[:5] == ["arm", "part", "median_ms", "q1", "q3"]
    assert {row["arm"] for row in table(folder, "time")} == set(ARMS)
    assert {row["phase"] for row in table(folder, "memory")} == {"training", "evaluation"}


@pytest.mark.parametrize("phase", ["training", "evaluation"])
@pytest.mark.parametrize("arm", ARMS)
def test_parts_add_up_and_little_is_unattributed(folder, arm, phase):
    sizes = {r["part"]: float(r["mib"]) for r in table(folder, "memory") if (r["arm"], r["phase"]) == (arm, phase)}
    peak = sizes.pop("peak")
    assert sum(sizes.values()) == pytest.approx(peak, rel=1e-6)
    assert abs(sizes["unattributed"]) < 0.1 * peak
    assert sizes["baseline"] > 0
    assert sizes["activations" if phase == "training" else "evaluation"] > 0


def test_raw_samples_are_kept(folder):
    assert len(table(folder, "samples")) == len(ARMS) * 2 * (1 + 9)


def test_the_summary_says_what_was_measured_and_how(folder):
    summary = json.loads((folder / "small" / "profile" / "profile.json").read_text())
    assert summary["fingerprint"] == profile_fingerprint(load_suite(folder / "suite.yaml"))
    assert summary["baseline"] == "vanilla"
    (cell,) = summary["cells"]
    assert {(said["precision"], said["threads"]) for said in cell["arms"].values()} == {("float32", 1)}
    assert {"foreign_load", "exclusive", "thermal_throttling"} <= set(cell["surroundings"])
    assert [(ceiling["precision"], ceiling["threads"]) for ceiling in cell["ceilings"]] == [("float32", 1)]
    assert cell["ceilings"][0]["flops"] > 0
    assert set(cell["memory"]) == set(ARMS)
    for phases in cell["memory"].values():
        for phase in ("training", "evaluation"):
            assert {"peak_source", "unattributed_of_peak", "unattributed_above_baseline"} == set(phases[phase])


def test_parts_have_their_own_highest(folder):
    rows = table(folder, "parts")
    assert list(rows[0])[:4] == ["arm", "part", "highest_mib", "at_peak_mib"]
    assert {row["arm"] for row in rows} == set(ARMS)
    assert all(float(row["highest_mib"]) > 0 for row in rows if row["part"] == "loss")


def test_evaluations_are_shared_where_their_memory_is_the_same():
    """What training left in the process is part of an evaluation's memory: queues, buffers, freed or not."""
    base = {"name": "small", "dataset": {"name": "digits"}, "encoder": {"name": "resnet-compact"}}
    arms = {
        "vanilla": {},
        "slower": {"train": {"learning_rate": 0.01}, "contrast": {"temperature": 0.3}},
        "large-queue": {"contrast": {"queue_size": 8192}},
        "query-queue": {"contrast": {"dual_view": "query-queue"}},
        "filter": {"contrast": {"negatives": "hardest"}},
        "bfloat16": {"train": {"precision": "bfloat16"}},
        "batch": {"train": {"batch_size": 64}},
    }
    runs = {run.arm: run for run in expand(parse_suite({**base, "arms": arms}, "small"))}
    assert list(_first_of_each_evaluation(runs).values()) == [arm for arm in runs if arm != "slower"]


def test_the_trace_is_there(folder):
    assert json.loads((folder / "t.json").read_text())["traceEvents"]
