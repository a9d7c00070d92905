"""What a step asks of a device: how many operators, and whether it ever waits for one."""

import dataclasses
import hashlib
from contextlib import nullcontext

import pytest
import torch

from benchmarks.launches import LaunchCounter
from moco_bench.profile.parts import BACKWARD, KEY_FORWARD, PARTS, QUERY_FORWARD
from moco_bench.profile.stepper import Stepper
from moco_bench.train.feed import BatchIndices
from moco_bench.train.inputs import StepInputs
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_state
from moco_bench.train.step import Networks, enqueue, training_step

ENCODERS = (QUERY_FORWARD, KEY_FORWARD)
OF_ENCODERS = (
    "convolution_backward",
    "native_batch_norm_backward",
    "threshold_backward",
    "max_pool2d_with_indices_backward",
)


def test_a_step_makes_at_most_150_launches_outside_of_the_encoders(make_run, dataset):
    stepper = Stepper(make_run(), dataset)
    stepper.step()
    counter = LaunchCounter()
    with counter.counting():
        stepper.step(counter)
    backward = sum(count for name, count in counter.operators[BACKWARD].items() if name not in OF_ENCODERS)
    others = counter.launches(*(part for part in PARTS if part not in (*ENCODERS, BACKWARD)))
    assert backward + others <= 150
    assert counter.waits == {}


@pytest.mark.parametrize(
    "contrast",
    [
        {"dual_view": "none"},
        {"dual_view": "symmetric"},
        {"dual_view": "query-queue"},
        {"negatives": "hardest"},
        {"negatives": "random", "dual_view": "key-anchored"},
        {"negatives": "easiest", "mask_same_sample": False},
    ],
)
def test_a_step_never_looks_at_a_tensor_of_the_device(make_run, dataset, monkeypatch, contrast):
    # On the device "meta" there is nothing to look at: whoever asks for a value fails.
    monkeypatch.setattr(torch, "autocast", lambda *words, **named: nullcontext())  # it doesn't know that device
    run = make_run({"contrast": {**contrast, "filter_warmup_steps": 0}})
    numerics = dataclasses.replace(resolve_numerics(run.train), device=torch.device("meta"))
    state = initial_state(run, resolve_numerics(run.train), channels=1, image_size=8)
    for module in (state.query_encoder, state.key_encoder, state.queue, state.query_queue):
        if module is not None:
            module.to("meta")
    inputs = StepInputs(run, dataset, numerics)
    for step in range(2):
        places = torch.arange(run.train.batch_size, device="meta")
        result = training_step(
            state,
            Networks(state.query_encoder, state.key_encoder),
            inputs.views(inputs.gather(BatchIndices(places, places)), step, hashlib.sha256()),
            places,
            contrast=run.contrast,
            numerics=numerics,
            learning_rate=0.1,
            negatives=inputs.negatives(step),
            shuffle=inputs.shuffle(step),
        )
        enqueue(state, result, places, run.contrast)
    assert result.loss.device.type == "meta"
