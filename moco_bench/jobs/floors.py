"""Baselines without learning, for one data set of a suite."""

from pathlib import Path

from moco_bench.data.datasets import load_described
from moco_bench.evaluate.floors import floors_of
from moco_bench.files import sealed, write_json
from moco_bench.jobs.progress import told_parts
from moco_bench.suite.steps import floors_fingerprint
from moco_bench.suite.suite import Suite
from moco_bench.train.gpu_lease import leased_device
from moco_bench.train.precision import resolve_numerics


def evaluate_floors(suite: Suite, title: str, results: Path) -> Path:
    """Write `results/SUITE/floors/DATASET.json`: accuracy on raw pixels and on untrained encoders; return its path."""
    config = suite.dataset(title)
    folder = results / suite.name
    with (
        leased_device(suite.train.device, runs_per_gpu=suite.train.runs_per_gpu) as name,
        told_parts(f"floors of {title}") as tell,
    ):
        dataset = load_described(config, folder / "data" / f"{title}.json")
        device = resolve_numerics(suite.train, name).device
        floors = floors_of(dataset, suite.encoders, suite.seeds, suite.evaluate, device, tell)
        asked = {"fingerprint": floors_fingerprint(suite, config), "data_sha256": dataset.sha256}
        write_json(folder / "floors" / f"{title}.json", sealed({**floors, **asked}))
    return folder / "floors" / f"{title}.json"
