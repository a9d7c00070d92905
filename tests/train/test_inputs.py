"""A step's inputs depend on the run and the step's number alone."""

import hashlib

import pytest
import torch

from moco_bench.train.inputs import StepInputs
from moco_bench.train.precision import resolve_numerics

FILTER = {"negatives": {"rule": "hardest", "fraction": 0.25}, "filter_warmup_steps": 2}


@pytest.fixture
def inputs(make_run, dataset):
    def make(**changes):
        run = make_run(changes)
        return StepInputs(run, dataset, resolve_numerics(run.train, "cpu"))

    return make


def test_the_same_step_has_the_same_views_and_the_next_has_others(inputs, dataset):
    found = inputs()
    images = dataset.train.images[:4]
    (first, second), (again, _), (other, _) = (found.views(images, step, hashlib.sha256()) for step in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first, other)


def test_a_rule_acts_after_its_warm_up_and_knows_how_far_the_training_is(inputs):
    found = inputs(contrast=FILTER)
    last = 96 // 16 * 2 - 1
    assert [found.negatives(step) is None for step in (0, 1, 2, last)] == [True, True, False, False]
    assert found.negatives(last).progress == 1
    assert 0 < found.negatives(2).progress < found.negatives(3).progress < 1
    assert inputs().negatives(5) is None, "the whole queue has no rule"


def test_a_rules_random_numbers_are_those_of_its_step(inputs):
    found = inputs(contrast={"negatives": {"rule": "random", "count": 3}})
    drawn = [torch.randint(1 << 30, (4,), generator=found.negatives(step).generator) for step in (5, 5, 6)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_keys_are_shuffled_where_their_batch_is_normalised_in_groups(inputs):
    assert inputs().shuffle(0) is None
    found = inputs(encoder={"batch_norm_groups": 4})
    assert found.shuffle(0).sort().values.tolist() == list(range(16))
    assert torch.equal(found.shuffle(0), found.shuffle(0))
    assert not torch.equal(found.shuffle(0), found.shuffle(1))
