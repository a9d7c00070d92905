"""Readings of the dual-view loss by the names that a suite gives."""

import pytest

from moco_bench.components.objectives import InfoNCE, KeyInBatch, QueryQueue, Symmetric
from moco_bench.components.readings import reading_of, readings


def test_every_reading_goes_by_its_name():
    assert readings()["query-queue"] is QueryQueue
    assert readings()["none"] is InfoNCE
    assert "dcl" not in readings()
    assert all(loss.title() == name and loss.reading for name, loss in readings().items())


def test_a_reading_gets_the_settings_that_it_has():
    assert reading_of("key-in-batch", 0.25, "sum") == KeyInBatch(key_weight=0.25, combine="sum")
    assert reading_of("symmetric", 0.25, "sum") == Symmetric(combine="sum")
    assert reading_of("none", 0.25) == InfoNCE()


@pytest.mark.parametrize(
    ("name", "weight", "said"), [("both", 0.5, "dual_view must be one of"), ("none", 1.5, "key_weight")]
)
def test_what_is_no_reading_or_no_weight_is_refused(name, weight, said):
    with pytest.raises(ValueError, match=said):
        reading_of(name, weight)
