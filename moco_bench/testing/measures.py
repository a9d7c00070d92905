"""Requirements for data sets and metrics."""

import torch

from moco_bench.components.datasets import Dataset
from moco_bench.components.metrics import Embedded, Evaluation, Metric
from moco_bench.data.sources import source_of
from moco_bench.data.stored import in_memory
from moco_bench.errors import InputError
from moco_bench.evaluate.metrics import as_number
from moco_bench.train.randomness import stream

CLASSES = 3


def check_dataset(dataset: Dataset) -> None:
    """Check that images and labels are valid, the same each time, and as many as declared."""
    first, second = source_of(dataset), source_of(dataset)
    splits = {"train": (first.train(), second.train()), "test": (first.test(), second.test())}
    for name, (once, again) in splits.items():
        same = torch.equal(in_memory(once.images), in_memory(again.images)) and torch.equal(once.labels, again.labels)
        assert same, f"load({name!r}) must give the same images and labels each time"
    found = tuple(len(once) for once, _ in splits.values())
    assert dataset.sizes is None or tuple(dataset.sizes) == found, f"`sizes` is {dataset.sizes}, but there are {found}"
    count = len(first.classes)
    assert dataset.class_count in (None, count), f"`class_count` is {dataset.class_count}, but there are {count}"


def check_metric(metric: Metric) -> None:
    """Check that a metric gives a finite number or None, the same each time, and leaves embeddings unchanged."""
    evaluation, untouched = _evaluation(), _evaluation()
    value = metric.compute(evaluation)
    try:
        as_number(metric, value)
    except InputError as error:
        raise AssertionError(str(error)) from None
    assert metric.compute(evaluation) == value, "equal embeddings must give the same number: draw by `generator`"
    for split in ("bank", "test"):
        for name in ("features", "projections", "labels"):
            before, after = (getattr(getattr(each, split), name) for each in (untouched, evaluation))
            assert torch.equal(before, after), f"`compute` must leave {split}.{name} as it was"


def _evaluation() -> Evaluation:
    def embedded(name: str, count: int) -> Embedded:
        labels = torch.arange(count) % CLASSES
        features, projections = (
            torch.randn(count, width, generator=stream(0, name, width)) + labels[:, None] for width in (12, 6)
        )
        return Embedded(features, projections, labels)

    return Evaluation(embedded("bank", 60), embedded("test", 45), CLASSES, {"knn_k": 20}, lambda name: stream(0, name))
