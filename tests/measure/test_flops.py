import torch
from torch import nn

from moco_bench.measure.flops import FlopCounter


def test_products_and_convolutions_count_two_for_each_multiplication():
    counter = FlopCounter()
    layer = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    images = torch.randn(2, 3, 10, 10)
    with counter.counting():
        counter("forward")
        output = layer(images)
        counter("backward")
        output.sum().backward()
    forward = 2 * 2 * 8 * 10 * 10 * 3 * 9
    assert counter.flops == {"forward": forward, "backward": forward}  # the images need no gradient


def test_adding_in_place_counts_like_a_product():
    counter = FlopCounter()
    with counter.counting():
        counter("part")
        torch.zeros(4, 6).addmm_(torch.ones(4, 5), torch.ones(5, 6))
    assert counter.flops == {"part": 2 * 4 * 5 * 6}


def test_a_part_that_comes_again_goes_on():
    counter = FlopCounter()
    left, right = torch.ones(2, 3), torch.ones(3, 4)
    with counter.counting():
        for part in ("one", "two", "one"):
            counter(part)
            left @ right
    assert counter.flops == {"one": 2 * 48, "two": 48}
