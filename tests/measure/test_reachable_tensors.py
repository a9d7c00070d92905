"""What Python holds of tensors, counted without the meter."""

import torch
from torch import nn

from moco_bench.measure.reachable_tensors import bytes_held

CPU = torch.device("cpu")


def test_views_count_once_and_gradients_count_too():
    before = bytes_held(CPU)
    layer = nn.Linear(100, 50)
    held = [torch.zeros(1000)]
    held += [held[0][:10], held[0].view(10, 100)]
    assert bytes_held(CPU) - before == 4 * (100 * 50 + 50 + 1000)
    layer(torch.zeros(2, 100)).sum().backward()
    assert bytes_held(CPU) - before == 4 * (2 * (100 * 50 + 50) + 1000)
    del held, layer
    assert bytes_held(CPU) == before


def test_other_devices_do_not_count():
    before = bytes_held(CPU)
    elsewhere = torch.zeros(1000, device="meta")
    assert bytes_held(CPU) == before
    assert bytes_held(torch.device("meta")) >= elsewhere.nbytes
