"""A run of two processes, whatever becomes of them: one line, the right exit code, and the same result in the end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from moco_bench.cli.main import main

SUITE = {
    "name": "pair",
    "dataset": {"name": "digits", "train_limit": 256, "test_limit": 100},
    "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16, "batch_norm_groups": 2},
    "contrast": {"queue_size": 128, "dual_view": "key-in-batch"},
    "train": {
        "epochs": 12, "batch_size": 64, "precision": "float32", "device": "cpu", "checkpoint_seconds": 0.0, "devices": 2
    },
    "evaluate": {"knn_k": 5, "corruptions": False, "floors": False, "probe": {"c_values": [1.0]}},
    "seeds": 1,
    "arms": {"dual": None},
}  # fmt: skip
RUN = "digits/resnet-compact/dual/seed0"
PATIENCE = 180


def command(folder, *arguments):
    return [sys.executable, "-m", "moco_bench.cli.main", *map(str, arguments), "--results", str(folder / "results")]


def prepared(folder, **train):
    suite = folder / "pair.yaml"
    suite.write_text(yaml.safe_dump({**SUITE, "train": {**SUITE["train"], **train}}))
    assert main(["prepare", str(suite), "--dataset", "digits", "--results", str(folder / "results")]) == 0
    return suite


def start(folder, suite, **environment):
    return subprocess.Popen(
        command(folder, "pretrain", suite, "--run", RUN),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip


def finish(folder, suite):
    process = start(folder, suite)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return folder / "results" / "pair" / "runs" / RUN


def rank_of(process, rank):
    """The process of a rank, once it has trained so far that there is a checkpoint."""
    checkpoint = Path(process.args[-1]) / "pair" / "checkpoints" / RUN / "latest.ckpt"
    deadline = time.monotonic() + PATIENCE
    began = psutil.Process(process.pid).create_time()
    while not (checkpoint.exists() and checkpoint.stat().st_mtime > began):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = psutil.Process(process.pid).children()
    return next(child for child in children if child.environ()["RANK"] == str(rank))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    return finish(folder, prepared(folder))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a run that lost a rank, went on, and was asked to stop."""
    folder = tmp_path_factory.mktemp("stopped")
    suite = prepared(folder)

    process = start(folder, suite)
    rank_of(process, 1).kill()
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.splitlines() == [
        "moco-bench: rank 1 of 2 was lost (SIGKILL); the same command goes on from the last checkpoint"
    ]

    process = start(folder, suite)
    rank_of(process, 1).send_signal(signal.SIGTERM)  # one rank's stop is all ranks' stop
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 75, errors
    assert "stopped after step" in errors
    return folder


def test_a_killed_rank_ends_all_and_the_run_goes_on_to_the_same_bytes(undisturbed, stopped, tmp_path):
    folder = Path(shutil.copytree(stopped, tmp_path / "copy"))
    found = finish(folder, prepared(folder))

    assert (found / "encoder.safetensors").read_bytes() == (undisturbed / "encoder.safetensors").read_bytes()
    record = json.loads((found / "run.json").read_text())
    assert len(record["attempts"]) == 3
    assert all(attempt["start_step"] > 0 for attempt in record["attempts"][1:])
    assert record["devices"] == 2


def test_a_run_goes_on_with_another_number_of_processes(undisturbed, stopped, tmp_path):
    folder = Path(shutil.copytree(stopped, tmp_path / "copy"))
    found = finish(folder, prepared(folder, devices=1))

    whole, resumed = (json.loads((run / "run.json").read_text()) for run in (undisturbed, found))
    assert resumed["fingerprint"] == whole["fingerprint"]
    assert resumed["hashes"]["augment"] == whole["hashes"]["augment"]
    assert resumed["attempts"][-1]["start_step"] > 0


def test_torchrun_around_a_run_of_one_device(tmp_path):
    suite = prepared(tmp_path, devices=1)
    ranks = [start(tmp_path, suite, RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK=str(rank)) for rank in range(2)]
    outcomes = [(rank.communicate(timeout=PATIENCE)[1], rank.returncode) for rank in ranks]

    assert [code for _, code in outcomes] == [2, 2]
    assert outcomes[0][0].splitlines() == [
        "moco-bench: torchrun started 2 processes, but the run has `train.devices: 1`: set it to 2, or start the "
        "command without torchrun"
    ]
    assert outcomes[1][0] == ""
