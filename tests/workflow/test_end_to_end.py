"""What `make report` does after set-up, in earnest: two real runs, one of which cannot start at first."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("quick_commands")
ROOT = Path(__file__).parents[2]
RUN = "digits/resnet-compact"
FAST = {
    "seeds": 1,
    "arms": {"vanilla": {}, "dual": {"contrast": {"dual_view": "key-in-batch"}}},
    "encoder__width": 8,
    "evaluate__probe": {"c_values": [1.0]},
    "evaluate__corruptions": False,
    "evaluate__floors": False,
}


def make_report(workflow: Any, suite: Path) -> subprocess.CompletedProcess[str]:
    """The script behind `make report`, in the directory of the test."""
    return subprocess.run(
        ["sh", str(ROOT / "workflow/report.sh"), suite.name, "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"],
        cwd=workflow.directory,
        env=os.environ | {"BIN": str(Path(sys.executable).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def by_arm(workflow: Any, column: str) -> dict[str, str]:
    with open(workflow.directory / "results/tiny/runs.csv", newline="") as table:
        return {row["arm"]: row[column] for row in csv.DictReader(table)}


def test_a_suite_with_a_hole_is_reported_and_completed_later(workflow: Any) -> None:
    suite = workflow.write_suite(**FAST)
    obstacle = workflow.directory / f"results/tiny/checkpoints/{RUN}/dual/seed0"  # a file where a folder has to be
    obstacle.parent.mkdir(parents=True)
    obstacle.touch()
    encoder = workflow.directory / f"results/tiny/runs/{RUN}/vanilla/seed0/encoder.safetensors"
    page = workflow.directory / "reports/tiny/report.html"

    first = make_report(workflow, suite)
    assert first.returncode == 1, first.stdout
    assert first.stdout.splitlines()[-1] == "reports/tiny/report.html"
    assert first.stdout.count("Trying to restart job") == 2
    assert by_arm(workflow, "status") == {"vanilla": "done", "dual": "missing"}
    assert by_arm(workflow, "reason")["dual"] == f"not started: File exists: tiny/checkpoints/{RUN}/dual/seed0"
    assert "missing" in page.read_text()
    trained = encoder.stat().st_mtime_ns

    obstacle.unlink()
    second = make_report(workflow, suite)
    assert second.returncode == 0, second.stdout
    assert second.stdout.splitlines()[-1] == "reports/tiny/report.html"
    assert by_arm(workflow, "status") == {"vanilla": "done", "dual": "done"}
    assert encoder.stat().st_mtime_ns == trained

    assert workflow.plan(suite).jobs == set()
    assert workflow.run("--report", workflow.directory / "snakemake.zip", "--configfile", suite).code == 0
    assert (workflow.directory / "snakemake.zip").stat().st_size > 100_000


@pytest.mark.parametrize("changes", [{"train__epochs": 0}, {"contrast__queue_size": 100}])
def test_a_suite_that_cannot_run_starts_nothing(workflow: Any, changes: dict[str, Any]) -> None:
    outcome = make_report(workflow, workflow.write_suite(**changes))
    assert outcome.returncode == 2
    assert len(outcome.stdout.splitlines()) == 1
    assert not (workflow.directory / "results").exists()


def test_data_that_are_not_there_are_asked_for_once(workflow: Any) -> None:
    suite = workflow.write_suite(dataset={"name": "npz", "path": "absent.npz"}, seeds=1, arms={"vanilla": {}})
    outcome = workflow.run("--cores", "1", "--configfile", suite)
    assert outcome.code == 1
    assert "absent.npz" in outcome.text
    assert "Trying to restart" not in outcome.text
