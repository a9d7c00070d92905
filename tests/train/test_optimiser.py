"""The optimiser does what PyTorch's does, and a run that compiles nothing doesn't import the compiler for it."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from moco_bench.suite.config import TrainConfig
from moco_bench.train.optimiser import build_optimiser

CASES = {
    "adamw": (torch.optim.AdamW, {}),
    "sgd": (torch.optim.SGD, {"momentum": 0.8}),
}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4))


def steps(optimiser, model, count):
    for step in range(count):
        optimiser.zero_grad()
        model(torch.full((3, 6), 0.1 + step)).square().sum().backward()
        optimiser.step()


@pytest.mark.parametrize("name", CASES)
def test_steps_and_state_are_pytorchs(name):
    kind, further = CASES[name]
    settings = TrainConfig(optimiser=name, learning_rate=0.01, weight_decay=0.1, sgd_momentum=0.8)
    models = [network(), network()]
    ours = build_optimiser(settings, models[0])
    theirs = kind(models[1].parameters(), lr=0.01, weight_decay=0.1, foreach=True, **further)

    steps(ours, models[0], 3)
    steps(theirs, models[1], 3)
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(one, other)

    states = copy.deepcopy((theirs.state_dict(), ours.state_dict()))  # a checkpoint of either continues in the other
    ours.load_state_dict(states[0])
    theirs.load_state_dict(states[1])
    steps(ours, models[0], 1)
    steps(theirs, models[1], 1)
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(one, other)


def test_a_step_leaves_gradients_enabled_and_tracks_none():
    model = network()
    optimiser = build_optimiser(TrainConfig(optimiser="sgd"), model)
    steps(optimiser, model, 1)
    assert torch.is_grad_enabled()
    assert all(parameter.grad_fn is None for parameter in model.parameters())


STEP = """
import sys, torch, moco_bench.jobs.pretrain, moco_bench.train.pretrain
from moco_bench.models import build_encoder
from moco_bench.suite.config import EncoderConfig, TrainConfig
from moco_bench.train.optimiser import build_optimiser
config = EncoderConfig.model_validate({"name": "resnet-compact", "width": 4})
encoder = build_encoder(config, channels=1, image_size=8, seed=0)
for name in ("sgd", "adamw"):
    optimiser = build_optimiser(TrainConfig(optimiser=name), encoder)
    encoder(torch.ones(2, 1, 8, 8)).sum().backward()
    optimiser.step()
    optimiser.zero_grad()
    optimiser.load_state_dict(optimiser.state_dict())
print(*{"torchvision", "torch._dynamo"} & set(sys.modules))
"""


def test_the_compact_encoder_and_an_optimiser_import_neither_torchvision_nor_the_compiler():
    """Together they took two of the four processor seconds that a run's process needed before its first step."""
    found = subprocess.run([sys.executable, "-c", STEP], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""
