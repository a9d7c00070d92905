import gc
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from moco_bench.data.datasets import DataSet, Split
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import Run, expand, merged

ARMS = {
    "vanilla": {},
    "dual": {"contrast": {"dual_view": "key-in-batch"}},
    "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
    "symmetric": {"contrast": {"dual_view": "symmetric"}},
    "query-queue": {"contrast": {"dual_view": "query-queue"}},
    "anchored": {"contrast": {"dual_view": "key-anchored", "negatives": {"rule": "random", "fraction": 0.5}}},
    "grouped": {"encoder": {"batch_norm_groups": 2}, "train": {"optimiser": "adamw", "learning_rate": 0.001}},
}


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Each measurement collects garbage: without all that other tests have imported, ten times as fast."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def dataset() -> DataSet:
    """Ninety-six small images."""
    generator = torch.Generator().manual_seed(0)

    def split(count: int) -> Split:
        images = torch.randint(0, 256, (count, 1, 8, 8), generator=generator, dtype=torch.uint8)
        return Split(images, torch.arange(count) % 3)

    return DataSet(
        name="toy", classes=("a", "b", "c"), train=split(96), evaluation=split(30), evaluated_on="test",
        mean=(0.5,), std=(0.25,), sha256="0" * 64,
    )  # fmt: skip


def suite_values(arms: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The plain values of a tiny suite."""
    raw = {
        "name": "toy",
        "dataset": {"name": "npz", "path": "toy.npz"},
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
        "contrast": {"queue_size": 64},
        "train": {"epochs": 2, "batch_size": 16, "precision": "float32", "threads": 1, "device": "cpu"},
        "evaluate": {"knn_k": 5},
        "arms": ARMS if arms is None else arms,
    }
    return merged(raw, changes)


@pytest.fixture
def make_runs():
    """A function from changes to the arms' runs."""

    def make(*names: str, **changes: Any) -> dict[str, Run]:
        arms = {name: ARMS[name] for name in names or ARMS}
        suite = parse_suite(suite_values(arms, **changes), "toy")
        return {run.arm: run for run in expand(suite)}

    return make
