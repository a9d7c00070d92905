"""The compact encoder's block is torchvision's, from the same random numbers to the last bit."""

import pytest
import torch
from torch import nn
from torchvision.models import resnet

from moco_bench.components.basic_block import BasicBlock


def of_torchvision(before, after, stride):
    shortcut = None
    if stride != 1 or before != after:
        shortcut = nn.Sequential(resnet.conv1x1(before, after, stride), nn.BatchNorm2d(after))
    return resnet.BasicBlock(before, after, stride, shortcut)


@pytest.mark.parametrize(("before", "after", "stride"), [(8, 8, 1), (8, 16, 2), (8, 16, 1), (8, 8, 2)])
def test_weights_outputs_and_gradients_are_torchvisions(before, after, stride):
    torch.manual_seed(0)
    ours = BasicBlock(before, after, stride, nn.BatchNorm2d)
    torch.manual_seed(0)
    theirs = of_torchvision(before, after, stride)
    assert list(ours.state_dict()) == list(theirs.state_dict())

    images = torch.randn(4, before, 8, 8)
    outputs = [block(images) for block in (ours, theirs)]
    for output in outputs:
        output.square().sum().backward()

    assert torch.equal(*outputs)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one.grad, other.grad)
    for one, other in zip(ours.buffers(), theirs.buffers(), strict=True):
        assert torch.equal(one, other)
