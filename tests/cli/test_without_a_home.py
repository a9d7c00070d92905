"""A container's user may have no entry among the users, no name and no home."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SUITE = """
name: study
dataset: {name: npz, path: own.npz}
encoder: {name: resnet-compact, width: 8, dimension: 16}
contrast: {queue_size: 32}
train: {epochs: 1, batch_size: 16, precision: float32, device: cpu, threads: 1}
evaluate: {knn_k: 3, corruptions: false, floors: false}
arms: {vanilla: }
"""
NAMELESS = """
import pwd
def unknown(*_): raise KeyError("uid not found")
pwd.getpwuid = pwd.getpwnam = unknown
from moco_bench.cli.main import main
run = "npz/resnet-compact/vanilla/seed0"
for command in (
    ["plan", "study.yaml"], ["prepare", "study.yaml", "--dataset", "npz"], ["pretrain", "study.yaml", "--run", run],
    ["evaluate", "study.yaml", "--run", run], ["collect", "study.yaml", "--complete"], ["analyse", "results/study"],
    ["report", "results/study"],
):
    assert main(command) == 0, command
"""


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, "/proc/nowhere", pytest.param("", marks=pytest.mark.soak)])
def test_every_command_works(tmp_path: Path, home: str | None) -> None:
    rng = np.random.default_rng(0)
    images = {f"x_{split}": rng.integers(0, 255, (40, 16, 16), "u1") for split in ("train", "test")}
    np.savez(tmp_path / "own.npz", **images, y_train=np.arange(40) % 2, y_test=np.arange(40) % 2)
    (tmp_path / "study.yaml").write_text(SUITE)
    unnamed = {"HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "XDG_CACHE_HOME", "MOCO_BENCH_CACHE"}
    bare = {name: value for name, value in os.environ.items() if name not in unnamed}

    ended = subprocess.run(
        [sys.executable, "-c", NAMELESS],
        cwd=tmp_path,
        env=bare if home is None else {**bare, "HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "reports/study/report.html").exists()
