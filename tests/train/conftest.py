from typing import Any

import pytest
import torch

from moco_bench.data.datasets import DataSet, Split
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import Run, expand, merged


@pytest.fixture(scope="module")
def toy_dataset() -> DataSet:
    """Ninety-six small images of three classes that a filter can tell apart."""
    generator = torch.Generator().manual_seed(0)

    def split(count: int) -> Split:
        labels = torch.arange(count) % 3
        images = torch.randint(0, 80, (count, 1, 8, 8), generator=generator, dtype=torch.uint8)
        images += (labels * 80).to(torch.uint8).view(-1, 1, 1, 1)
        return Split(images, labels)

    return DataSet(
        name="toy", classes=("a", "b", "c"), train=split(96), evaluation=split(30), evaluated_on="test",
        mean=(0.5,), std=(0.25,), sha256="0" * 64,
    )  # fmt: skip


@pytest.fixture
def dataset(toy_dataset: DataSet) -> DataSet:
    """The same, for tests that stand alone."""
    return toy_dataset


@pytest.fixture
def make_run(make_run_at_module_scope):
    """The same, for tests that stand alone."""
    return make_run_at_module_scope


@pytest.fixture(scope="module")
def make_run_at_module_scope():
    """A function from changes to a run of a tiny configuration on the toy data."""

    def make(changes: dict[str, Any] | None = None, seed: int = 0) -> Run:
        raw = {
            "name": "toy",
            "dataset": {"name": "npz", "path": "toy.npz"},
            "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
            "contrast": {"queue_size": 64},
            "train": {"epochs": 2, "batch_size": 16, "precision": "float32", "threads": 1, "device": "cpu"},
            "seeds": [seed],
            "arms": {"vanilla": None},
        }
        return expand(parse_suite(merged(raw, changes or {}), "toy"))[0]

    return make
