"""The section `contrast`: one loss in several spellings, what enters the queue, and keys that others switch off."""

import pytest

from moco_bench.components.objectives import InfoNCE, KeyInBatch
from moco_bench.components.objectives.dcl import DCL
from moco_bench.suite.config import ContrastConfig


def read(**given):
    return ContrastConfig.model_validate(given)


def test_a_reading_given_as_objective_is_the_same_section():
    spelt = read(objective={"name": "key-in-batch", "key_weight": 0.3})
    assert spelt == read(dual_view="key-in-batch", key_weight=0.3)
    assert spelt.loss == KeyInBatch(key_weight=0.3)
    assert read().loss == InfoNCE()
    assert read(objective="dcl").loss == DCL()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"objective": "dcl", "dual_view": "symmetric"}, "give `objective` or `dual_view`, not both"),
        ({"objective": KeyInBatch()}, "is a reading of the dual view: give it as `dual_view`"),
        ({"dual_view": "dcl"}, "Input should be 'key-anchored' or"),
        ({"key_weight": 1.0}, "less than 1"),
    ],
)
def test_a_loss_is_given_once_and_in_its_place(given, said):
    with pytest.raises(ValueError, match=said):
        read(**given)


@pytest.mark.parametrize(
    ("dual_view", "enqueue", "keys"),
    [("symmetric", "both-views", 2), ("symmetric", "one-view", 1), ("key-in-batch", "both-views", 1)],
)
def test_both_views_enter_the_queue_where_both_are_encoded(dual_view, enqueue, keys):
    assert read(dual_view=dual_view, enqueue=enqueue).keys_per_image == keys


@pytest.mark.parametrize(
    ("given", "idle"),
    [
        ({}, {"key_weight", "combine", "enqueue", "filter_warmup_steps"}),
        ({"dual_view": "key-in-batch", "negatives": "hardest"}, {"enqueue"}),
        ({"dual_view": "symmetric", "negatives": "hardest"}, {"key_weight"}),
        ({"objective": "dcl", "negatives": "hardest"}, {"dual_view", "key_weight", "combine", "enqueue"}),
    ],
)
def test_keys_without_an_effect_are_idle(given, idle):
    assert set(read(**given).idle_keys()) == idle
