"""Snakemake is killed in the middle of a training, in several ways; the same command goes on, to the same bytes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

RUN = "results/tiny/runs/digits/resnet-compact/both/seed0"
LONG = {
    "seeds": 1,
    "dataset": {"name": "digits", "train_limit": 256, "test_limit": 100},
    "encoder__width": 8,
    "contrast__queue_size": 128,
    "train": {"epochs": 60, "batch_size": 64, "precision": "float32", "device": "cpu", "checkpoint_seconds": 0.0},
    "evaluate": {
        "knn_k": 5,
        "corruptions": False,
        "probe": {"c_values": [1.0]},
    },
}
PATIENCE = 120.0


def start(workflow: Any, suite: Path, **environment: str) -> subprocess.Popen[str]:
    """Snakemake on one run, as the leader of a process group of its own."""
    command = [*workflow.command, "--cores", "1", f"{RUN}/metrics.json", "--configfile", str(suite)]
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip


def wait_for_a_checkpoint(workflow: Any, snakemake: subprocess.Popen[str], since: float) -> None:
    checkpoint = workflow.directory / RUN.replace("/runs/", "/checkpoints/") / "latest.ckpt"
    deadline = time.monotonic() + PATIENCE
    while not (checkpoint.exists() and checkpoint.stat().st_mtime > since):
        if snakemake.poll() is not None or time.monotonic() > deadline:
            snakemake.kill()
            pytest.fail(f"no checkpoint: {snakemake.communicate()[0]}")
        time.sleep(0.01)


def disturb(workflow: Any, suite: Path, kill: Callable[[int], None]) -> None:
    """Start the suite, wait until it has trained a little, and kill it."""
    since = time.time()
    with start(workflow, suite) as snakemake:
        wait_for_a_checkpoint(workflow, snakemake, since)
        deadline = time.monotonic() + PATIENCE
        while snakemake.poll() is None and time.monotonic() < deadline:
            kill(snakemake.pid)  # Snakemake can lose a Ctrl-C that comes between two jobs; a person presses it again
            with suppress(subprocess.TimeoutExpired):
                snakemake.communicate(timeout=3)
    assert snakemake.returncode != 0


def finish(workflow: Any, suite: Path, **environment: str) -> Path:
    with start(workflow, suite, **environment) as snakemake:
        text, _ = snakemake.communicate(timeout=PATIENCE)
    assert snakemake.returncode == 0, text
    run: Path = workflow.directory / RUN
    return run


def test_a_killed_snakemake_goes_on_to_the_same_bytes(workflow: Any, command_server: Path, tmp_path: Path) -> None:
    quick = {"BASH_ENV": str(command_server / "functions.sh")}  # not those that are killed: these are real processes
    undisturbed = type(workflow)(tmp_path / "undisturbed")
    undisturbed.directory.mkdir()
    expected = finish(undisturbed, undisturbed.write_suite(**LONG), **quick)

    suite = workflow.write_suite(**LONG)
    disturb(workflow, suite, lambda pid: os.killpg(pid, signal.SIGKILL))
    disturb(workflow, suite, lambda pid: os.killpg(pid, signal.SIGINT))  # as Ctrl-C does
    disturb(workflow, suite, lambda pid: os.kill(pid, signal.SIGKILL))  # the trainer lives on, an orphan
    found = finish(workflow, suite, **quick)

    for name in ("encoder.safetensors", "metrics.json"):
        assert (found / name).read_bytes() == (expected / name).read_bytes()
    starts = [attempt["start_step"] for attempt in json.loads((found / "run.json").read_text())["attempts"]]
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert all(start > 0 for start in starts[1:])
    assert len(starts) >= 3
