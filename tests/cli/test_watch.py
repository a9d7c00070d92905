"""The live grid: every run in its cell, with how far it is, from files alone."""

import io
import os

import pytest
from rich.console import Console

from moco_bench.cli.watch import cell, grid, in_words, watch
from moco_bench.suite.load import parse_suite
from moco_bench.suite.plan import PlannedRun
from moco_bench.suite.runs import expand
from moco_bench.train.pulse import Pulse

SUITE = {
    "name": "grid",
    "dataset": "digits",
    "encoder": "resnet-compact",
    "train": {"batch_size": 64, "epochs": 40},
    "contrast": {"queue_size": 256},
    "seeds": 2,
    "arms": {"vanilla": None, "dual": {"contrast": {"dual_view": "key-in-batch"}}},
}


@pytest.fixture
def runs():
    return expand(parse_suite(SUITE, "grid"))


def beat(run, results, epoch, seconds=6.0):
    checkpoints = run.checkpoints(results)
    checkpoints.mkdir(parents=True, exist_ok=True)
    Pulse(checkpoints, run.fingerprint, 40).beat({"epoch": epoch, "seconds": seconds})
    return checkpoints / "progress.json"


def text_of(planned, results):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(grid(planned, results))
    return console.export_text()


def test_each_run_is_in_its_cell(runs, tmp_path):
    beat(runs[1], tmp_path, 10)
    states = ["done", "started", "failed", "new"]
    planned = [PlannedRun(run, state, "") for run, state in zip(runs, states, strict=True)]

    lines = text_of(planned, tmp_path).splitlines()

    assert "4 runs: 1 done, 1 running, 1 waiting, 1 failed; those at work take 3 min more" in " ".join(lines[:2])
    assert [line.split("│")[3:6] for line in lines if "vanilla" in line or "dual" in line] == [
        [" vanilla ", " done   ", " 10/40, 3 min left "], [" dual    ", " failed ", " waiting           "]
    ]  # fmt: skip


def test_a_run_that_has_long_said_nothing_has_stopped(runs, tmp_path):
    path = beat(runs[0], tmp_path, 10)
    os.utime(path, (0, 0))

    assert cell(PlannedRun(runs[0], "started", ""), tmp_path) == ("waiting", "stopped at 10/40")


def test_watching_ends_with_the_runs(runs, tmp_path):
    looks = iter([["new"] * 4, ["done", "done", "failed", "done"]])

    watch(lambda: [PlannedRun(run, state, "") for run, state in zip(runs, next(looks), strict=True)], tmp_path, 0.01)

    assert next(looks, None) is None


def test_durations_in_words():
    assert [in_words(seconds) for seconds in (40, 180, 9000)] == ["40 s", "3 min", "2.5 h"]
