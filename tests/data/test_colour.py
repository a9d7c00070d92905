import itertools

import pytest
import torch
from torchvision.transforms.v2 import functional

from moco_bench.data.colour import OPERATIONS, jitter, luma_weights, plan_jitter

TORCHVISION = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
    "hue": functional.adjust_hue,
}


def images(count=24, channels=3, seed=0):
    return torch.rand(count, channels, 16, 16, generator=torch.Generator().manual_seed(seed))


def jittered(given, strengths, orders, chosen, active=(True,) * 4):
    """`given` after the jitter, in the order in which it was given."""
    plan = plan_jitter(strengths.double(), orders, chosen, active, given.shape[1])
    order = torch.from_numpy(plan.rank).argsort(stable=True)
    pixel, mean, hue = (torch.from_numpy(values)[order] for values in (plan.pixel, plan.mean, plan.hue))
    counts = torch.from_numpy(plan.rank).bincount(minlength=5)[:4].tolist()
    found = jitter(given[order], pixel, mean, hue if active[3] else None, counts)
    return found[order.argsort()]


def adjusted(name, given, strengths):
    """`given` after one operation alone."""
    operation = OPERATIONS.index(name)
    factor = torch.tensor([1.0, 1.0, 1.0, 0.0]).repeat(len(given), 1)
    factor[:, operation] = strengths
    orders = torch.arange(4).repeat(len(given), 1)
    return jittered(given.clone(), factor, orders, torch.ones(len(given), dtype=torch.bool))


def factors(name, count=24):
    low, high = (-0.5, 0.5) if name == "hue" else (0.0, 2.0)
    return torch.linspace(low, high, count, dtype=torch.float64)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", OPERATIONS)
def test_equals_torchvision(name, channels):
    given, strengths = images(channels=channels), factors(name)
    found = adjusted(name, given, strengths)
    expected = torch.stack([TORCHVISION[name](x, f) for x, f in zip(given, strengths.tolist(), strict=True)])
    torch.testing.assert_close(found, expected, atol=5e-6, rtol=0)


@pytest.mark.parametrize(
    ("name", "levels"), [("brightness", 1.01), ("contrast", 2.01), ("saturation", 2.01), ("hue", 1.01)]
)
def test_equals_torchvision_on_whole_levels_to_rounding(name, levels):
    # torchvision truncates to whole levels after each step, its luma and mean luma too.
    given, strengths = (images() * 255).to(torch.uint8), factors(name)
    found = adjusted(name, given / 255, strengths) * 255
    expected = torch.stack([TORCHVISION[name](x, f) for x, f in zip(given, strengths.tolist(), strict=True)])
    assert (found - expected.float()).abs().max() <= levels


def test_hue_equals_torchvision_on_every_corner_and_edge_of_the_colour_cube():
    # Where two or three channels are equal, the formula's cases meet; grays have no hue at all.
    levels = (0.0, 1 / 255, 0.5, 254 / 255, 1.0)
    cube = torch.tensor(list(itertools.product(levels, repeat=3)))[:, :, None, None]
    for shift in (-1.0, -0.5, -1 / 3, -0.1, 0.0, 1 / 6, 0.25, 0.5, 1.0):
        found = adjusted("hue", cube, torch.full((len(cube),), shift))
        torch.testing.assert_close(found, functional.adjust_hue(cube, shift % 1 - (shift % 1 > 0.5)), atol=5e-6, rtol=0)


def test_hue_turns_red_to_green_to_blue():
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    third = torch.tensor([1 / 3])
    green = adjusted("hue", red, third)
    torch.testing.assert_close(green.flatten(), torch.tensor([0.0, 1, 0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(adjusted("hue", green, third).flatten(), torch.tensor([0.0, 0, 1]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_equals_torchvision(channels):
    given = images(channels=channels)
    found = torch.einsum("c,bchw->bhw", torch.from_numpy(luma_weights(channels)).float(), given)[:, None]
    torch.testing.assert_close(found, functional.rgb_to_grayscale(given), atol=1e-6, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_jitter_applies_each_samples_own_order(channels):
    orders = torch.tensor(list(itertools.permutations(range(4))))
    given = images(len(orders), channels)
    strengths = torch.stack([factors(name, len(orders)).flip(0) * 0.6 for name in OPERATIONS], dim=1)
    chosen = torch.arange(len(orders)) % 5 != 0
    found = jittered(given.clone(), strengths, orders, chosen, (True,) * 4)
    for before, after, order, own, changed in zip(
        given, found, orders.tolist(), strengths.tolist(), chosen, strict=True
    ):
        expected = before
        for operation in order if changed else ():
            expected = TORCHVISION[OPERATIONS[operation]](expected, own[operation])
        torch.testing.assert_close(after, expected, atol=3e-5, rtol=0)


def test_the_order_matters():
    given = images(2)[:1].expand(2, -1, -1, -1)
    strengths = torch.tensor([[1.9, 0.3, 1.0, 0.0]]).expand(2, 4)
    orders = torch.tensor([[0, 1, 2, 3], [1, 0, 2, 3]])
    found = jittered(given.clone(), strengths, orders, torch.tensor([True, True]), (True,) * 4)
    assert (found[0] - found[1]).abs().max() > 0.1


def test_operations_out_of_use_are_left_out():
    given = images(4)
    strengths = torch.tensor([[0.5, 0.5, 0.5, 0.3]]).expand(4, 4)
    orders = torch.tensor([[3, 2, 1, 0]]).expand(4, 4)
    chosen = torch.ones(4, dtype=torch.bool)
    found = jittered(given.clone(), strengths, orders, chosen, (True, False, False, False))
    torch.testing.assert_close(found, given * 0.5)
    assert torch.equal(jittered(given.clone(), strengths, orders, chosen, (False,) * 4), given)


def test_nobody_is_jittered():
    given, orders = images(4), torch.tensor([[3, 2, 1, 0]]).expand(4, 4)
    nobody = torch.zeros(4, dtype=torch.bool)
    assert torch.equal(jittered(given.clone(), torch.zeros(4, 4), orders, nobody, (True,) * 4), given)
