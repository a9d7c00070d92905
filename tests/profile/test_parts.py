"""A step that is watched is the step that trains: same order, same bits, known times."""

import time

import pytest
import torch
from torch import nn

from moco_bench.measure.laps import Laps
from moco_bench.profile.parts import (
    AUGMENTATION,
    BACKWARD,
    DATA,
    DATA_WAIT,
    KEY_FORWARD,
    LOSS,
    MOMENTUM_UPDATE,
    OPTIMISER,
    PARTS,
    QUERY_FORWARD,
    QUEUE,
)
from moco_bench.profile.stepper import Stepper
from moco_bench.train.loop import Hooks, Trainer
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_state
from moco_bench.train.step import Networks

ALL_ARMS = ("vanilla", "dual", "filter", "symmetric", "query-queue", "anchored", "grouped")


def test_the_parts_come_in_their_order(make_runs, dataset):
    marks: list[str] = []
    Stepper(make_runs("dual")["dual"], dataset).step(marks.append)
    assert marks == [
        DATA, AUGMENTATION, MOMENTUM_UPDATE, QUERY_FORWARD, LOSS, KEY_FORWARD, LOSS, BACKWARD, OPTIMISER, QUEUE
    ]  # fmt: skip
    assert set(marks) == set(PARTS) - {DATA_WAIT}


def test_symmetric_encodes_twice(make_runs, dataset):
    marks: list[str] = []
    Stepper(make_runs("vanilla", "symmetric")["symmetric"], dataset).step(marks.append)
    assert (marks.count(QUERY_FORWARD), marks.count(KEY_FORWARD), marks.count(BACKWARD)) == (2, 2, 1)


@pytest.mark.parametrize("arm", ALL_ARMS)
def test_watching_changes_no_bit(make_runs, dataset, arm):
    run = make_runs("vanilla", arm)[arm]
    watched, unwatched = Stepper(run, dataset), Stepper(run, dataset)
    for _ in range(3):
        watched.step(lambda part: None)
        unwatched.step()
    for name, value in unwatched.state.query_encoder.state_dict().items():
        assert torch.equal(watched.state.query_encoder.state_dict()[name], value), name
    assert torch.equal(watched.state.queue.keys, unwatched.state.queue.keys)


@pytest.mark.parametrize("arm", ALL_ARMS)
def test_the_stepper_makes_the_steps_that_the_training_loop_makes(make_runs, dataset, tmp_path, arm):
    run = make_runs("vanilla", arm, train={"schedule": "constant", "epochs": 1})[arm]
    stepper = Stepper(run, dataset)
    for _ in range(6):
        stepper.step()
    numerics = resolve_numerics(run.train)
    state = initial_state(run, numerics, channels=1, image_size=8)
    hooks = Hooks(lambda: False, lambda row: None, tmp_path, {})
    Trainer(run, state, Networks(state.query_encoder, state.key_encoder), dataset, numerics, hooks).train()
    assert state.progress.step == 6
    for name, value in state.query_encoder.state_dict().items():
        assert torch.equal(stepper.state.query_encoder.state_dict()[name], value), name
    assert torch.equal(stepper.state.queue.keys, state.queue.keys)


def test_a_filter_is_in_force_from_the_first_step(make_runs, dataset):
    run = make_runs("vanilla", "filter", contrast={"filter_warmup_steps": 5})["filter"]
    stepper = Stepper(run, dataset)
    assert stepper.inputs.negatives(4) is None
    assert stepper._step == 5
    assert stepper.inputs.negatives(stepper._step) is not None


class Sleeping(nn.Module):
    """A network that takes at least a known time."""

    def __init__(self, network: nn.Module, seconds: float) -> None:
        super().__init__()
        self.network, self.seconds = network, seconds

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        time.sleep(self.seconds)
        return self.network(images)


def test_a_network_that_sleeps_is_charged_to_its_own_part(make_runs, dataset):
    stepper = Stepper(make_runs("vanilla")["vanilla"], dataset)
    stepper.step()
    laps = Laps()
    stepper.step(laps)
    usual = laps.stop()
    query, key = stepper._networks.query, stepper._networks.key
    stepper._networks = Networks(Sleeping(query, 0.2), Sleeping(key, 0.1))
    laps = Laps()
    stepper.step(laps)
    found = laps.stop()
    assert 0.2 <= found[QUERY_FORWARD] < 0.3 + usual[QUERY_FORWARD]
    assert 0.1 <= found[KEY_FORWARD] < 0.2 + usual[KEY_FORWARD]
    assert found[LOSS] < 0.1 + usual[LOSS]
