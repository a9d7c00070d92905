"""A user's own folder outside of the checkout: suite, images and results lie there, the workflow elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
STUDY = """
name: study
dataset: {name: npz, path: images/own.npz}
encoder: {name: resnet-compact, width: 8, dimension: 16}
contrast: {queue_size: 32}
train: {epochs: 1, batch_size: 16, precision: float32, device: cpu}
evaluate: {knn_k: 3, corruptions: false, floors: false}
arms: {vanilla: }
"""


def test_a_study_runs_where_it_lies(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    images = {f"x_{split}": rng.integers(0, 255, (40, 16, 16), "u1") for split in ("train", "test")}
    labels = {f"y_{split}": np.arange(40) % 2 for split in ("train", "test")}
    np.savez(tmp_path / "images" / "own.npz", **images, **labels)
    (tmp_path / "study.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--configfile", "study.yaml"]
    bare = {name: value for name, value in os.environ.items() if name != "PATH"} | {"PATH": "/usr/bin:/bin"}

    ended = subprocess.run(
        [*command, "--cores", "1"], cwd=tmp_path, env=bare, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (tmp_path / "reports/study/report.html").exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        "images", "logs", "reports", "results", "study.yaml", ".snakemake"
    }  # fmt: skip
