"""Which images a run got right, as its `metrics.json` has it."""

import json

import numpy as np
import pytest
import torch

from moco_bench.analyse.outcomes import read_outcomes
from moco_bench.evaluate.outcomes import packed_outcomes

LABELS = torch.arange(40) % 4


def outcomes(wrong):
    """All right but the images in `wrong`."""
    predicted = LABELS.clone()
    predicted[list(wrong)] = (predicted[list(wrong)] + 1) % 4
    return packed_outcomes({"knn_top1": predicted}, LABELS, 4)


def test_what_is_written_is_read():
    held = outcomes([1, 5, 39])
    assert json.loads(json.dumps(held)) == held == outcomes([39, 5, 1])
    found = read_outcomes({"images": held})
    assert np.flatnonzero(found.correct["knn_top1"] == 0).tolist() == [1, 5, 39]
    assert found.class_counts.tolist() == [10] * 4
    assert found.class_correct["knn_top1"].tolist() == [10, 8, 10, 9]


@pytest.mark.parametrize(
    "change",
    [{"count": 41}, {"count": 90}, {"correct": {"knn_top1": "!"}}, {"class_counts": [40]}, {"correct": 3},
     {"class_correct": {"knn_top1": [1, 1, 1, 1]}}, {"class_correct": {"other": [1, 1, 1, 1]}},
     {"counts": {"knn_top1_corrupted": {"of": 2, "right": "Aw=="}}}, {"counts": {"x": {"of": 2, "right": ""}}},
     {"counts": {"x": {"right": "Aw=="}}}],
)  # fmt: skip
def test_damaged_outcomes_are_none(change):
    assert read_outcomes({"images": {**outcomes([1]), **change}}) is None
    assert read_outcomes({}) is None
