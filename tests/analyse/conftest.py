"""Tables of runs with known effects."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from moco_bench.analyse.table import typed
from moco_bench.files import sealed, sha256_of, write_json
from moco_bench.suite.on_disk.hashes import describe_files

GAINS = {"vanilla": 0.0, "dual": 2.0, "filter": -1.0, "both": 1.5}


def make_runs(
    seeds: int = 8,
    gains: dict[str, float] | None = None,
    *,
    spread: float = 0.1,
    dataset: str = "cifar10",
    hashes: bool = True,
    budget: str = "epochs",
    replicates: int = 1,
) -> pd.DataFrame:
    """One row per run, all columns as strings, as `runs.csv` holds them."""
    rng = np.random.default_rng(5)
    rows = []
    for seed in range(seeds):
        level = 60 + rng.normal(0, 2)
        for arm, gain in (gains or GAINS).items():
            value = level + gain + rng.normal(0, spread)
            for replicate in range(1, replicates + 1):
                rows.append(
                    {
                        "suite": "s", "arm": arm, "dataset": dataset, "encoder": "e", "seed": str(seed),
                        "status": "done", "knn_top1": repr(value), "linear_top1": repr(value + 5),
                        "images_per_second": repr(1000.0 - 50 * (arm == "both")), "peak_memory_mib": "800",
                        "replicate": str(replicate), "exclusive": "true", "budget": budget, "reason": "",
                        "directory": f"runs/{dataset}/e/{arm}/seed{seed}",
                        "init_hash": f"i{seed}" if hashes else "", "order_hash": f"o{seed}" if hashes else "",
                        "augment_hash": f"a{seed}" if hashes else "",
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, dtype=object)  # as a file is read


@pytest.fixture
def raw_runs() -> Callable[..., pd.DataFrame]:
    """The strings of a `runs.csv`."""
    return make_runs


@pytest.fixture
def runs_of() -> Callable[..., pd.DataFrame]:
    """The same, read."""
    return lambda *args, **options: typed(make_runs(*args, **options), "test")


@pytest.fixture
def make_run() -> Callable[..., Path]:
    """A function that writes a finished run below a folder of results, with its hashes; returns the run's folder."""

    def make(
        root: Path, arm: str = "vanilla", seed: int = 0, *, accuracy: float = 50.0, fingerprint: str = "f",
        images: str = "d", cpu: str = "A",
    ) -> Path:  # fmt: skip
        directory = root / "tiny" / "runs" / "digits" / "net" / arm / f"seed{seed}"
        directory.mkdir(parents=True)
        (directory / "encoder.safetensors").write_bytes(f"{accuracy}".encode())
        (directory / "history.csv").write_text("epoch\n1\n")
        write_json(directory / "resources.json", {})
        metrics = {"knn_top1": accuracy, "evaluation_fingerprint": "e", "data_sha256": images}
        write_json(directory / "metrics.json", sealed(metrics))
        record = {
            "fingerprint": sha256_of([fingerprint, arm, seed]), "status": "done", "reason": None, "config": {},
            "hashes": {}, "data": {"sha256": images}, "machine": {"cpu": cpu}, "files": describe_files(directory),
            "replicate": 1,
        }  # fmt: skip
        write_json(directory / "run.json", sealed(record))
        write_json(root / "tiny" / "data" / "digits.json", {"sha256": images})
        return directory

    return make
