"""Tensors on their way to a device."""

from types import SimpleNamespace

import torch

from moco_bench.data.transfer import to_device


def test_on_a_cpu_nothing_is_copied():
    tensor = torch.arange(3)
    assert to_device(tensor, torch.device("cpu")) is tensor


def test_to_a_gpu_it_goes_from_pinned_memory_without_a_wait():
    asked = []
    pinned = SimpleNamespace(to=lambda device, non_blocking: asked.append((device.type, non_blocking)) or "there")
    assert to_device(SimpleNamespace(pin_memory=lambda: pinned), torch.device("cuda")) == "there"
    assert asked == [("cuda", True)]
