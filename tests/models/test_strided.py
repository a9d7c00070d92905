"""Strided 1x1 convolutions of few channels: the same bits as PyTorch's own, and no writing beyond buffers."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from moco_bench.models import build_encoder
from moco_bench.models.strided import PointwiseOfEvery, with_safe_strides
from moco_bench.suite.config import EncoderConfig


@pytest.mark.parametrize("channels", [4, 8, 12])
@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(("size", "bound"), [(16, 0.0), (32, 0.0), (39, 1e-5), (40, 1e-5)])
def test_outputs_and_gradients_are_those_of_the_strided_convolution(channels, order, size, bound):
    own = nn.Sequential(nn.Conv2d(channels, 2 * channels, 1, stride=2, bias=False)).to(memory_format=order)
    safe = with_safe_strides(copy.deepcopy(own))
    assert type(safe[0]) is PointwiseOfEvery
    images = torch.randn(8, channels, size, size).to(memory_format=order)
    found = []
    for network in (own, safe):
        read = images.clone().requires_grad_()
        out = network(read)
        out.square().mean().backward()
        found.append((out, read.grad, network[0].weight.grad))
    for expected, value in zip(*found, strict=True):
        torch.testing.assert_close(value, expected, rtol=bound, atol=bound)


def test_weights_keep_their_names_and_values_and_no_random_number_is_drawn():
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sequential(nn.Conv2d(8, 16, 1, stride=2)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    after = with_safe_strides(network).state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("layer", [nn.Conv2d(16, 32, 1, stride=2), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 3, stride=2)])
def test_other_convolutions_stay(layer):
    assert with_safe_strides(nn.Sequential(layer))[0] is layer


def test_every_narrow_encoder_has_safe_strides():
    encoder = build_encoder(EncoderConfig(name="resnet-compact", width=12), channels=3, image_size=32, seed=0)
    shortcuts = [
        module for module in encoder.modules() if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
    ]
    assert [type(module) is PointwiseOfEvery for module in shortcuts] == [True, False]  # 12 and 24 channels


def test_a_narrow_encoder_trains_on_large_images():
    script = (
        "import torch; from moco_bench.models import build_encoder; from moco_bench.suite.config import EncoderConfig\n"
        "network = build_encoder(EncoderConfig(name='resnet-compact', width=8), channels=3, image_size=128, seed=0)\n"
        "images = torch.randn(8, 3, 128, 128).to(memory_format=torch.channels_last)\n"
        "network.to(memory_format=torch.channels_last)(images).sum().backward()"
    )  # in a process of its own: PyTorch's own gradient kills it
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=120).returncode == 0
