import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from moco_bench.measure.flops import FlopCounter


def test_products_and_convolutions_count_two_for_each_multiplication():
    counter = FlopCounter()
    layer = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    images = torch.randn(2, 3, 10, 10)
    with counter:
        counter("forward")
        output = layer(images)
        counter("backward")
        output.sum().backward()
    forward = 2 * 2 * 8 * 10 * 10 * 3 * 9
    assert counter.flops == {"forward": forward, "backward": forward}  # the images need no gradient


def test_adding_in_place_counts_like_a_product():
    counter = FlopCounter()
    with counter:
        counter("part")
        torch.zeros(4, 6).addmm_(torch.ones(4, 5), torch.ones(5, 6))
    assert counter.flops == {"part": 2 * 4 * 5 * 6}


def test_a_part_that_comes_again_goes_on():
    counter = FlopCounter()
    left, right = torch.ones(2, 3), torch.ones(3, 4)
    with counter:
        for part in ("one", "two", "one"):
            counter(part)
            left @ right
    assert counter.flops == {"one": 2 * 48, "two": 48}


def test_pytorchs_own_counter_agrees():
    """On a network with all that encoders are made of, with and without gradients, by direct and composite calls."""
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 25, 7)
    )
    images, keys = torch.randn(4, 3, 10, 10), torch.randn(9, 7)

    def work() -> None:
        torch.einsum("bd,kd->bk", network(images), keys).logsumexp(1).sum().backward()
        with torch.no_grad():
            torch.matmul(network(images), keys.t())
        with torch.inference_mode():
            nn.functional.linear(keys, keys)

    counter = FlopCounter()
    with counter:
        counter("all")
        work()
    with FlopCounterMode(display=False) as theirs:
        work()
    assert counter.flops == {"all": theirs.get_total_flops()}
