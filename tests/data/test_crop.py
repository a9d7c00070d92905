import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import ks_2samp
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from moco_bench.data.crop import central_crop, draw_crops, resample, sampling_lines


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def crop_and_flip(images, boxes, flip):
    return resample(images.float(), sampling_lines(boxes, flip, *images.shape[-2:]))


def same_distribution(one, other):
    """The p value of a two-sample Kolmogorov-Smirnov test."""
    return ks_2samp(one, other, method="asymp").pvalue


def torchvision_draws(count, height, width, scale, ratio):
    """[count, 4] boxes (top, left, height, width) as torchvision draws them."""
    image = torch.zeros(1, height, width)
    transform = v2.RandomResizedCrop((height, width), scale=scale, ratio=ratio)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        draws = [transform.make_params([image]) for _ in range(count)]
    return np.array([[draw[key] for key in ("top", "left", "height", "width")] for draw in draws])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("antialias", [True, False])
def test_equals_torchvision_on_the_same_boxes(channels, antialias):
    # Only enlarging: torchvision's antialiasing has nothing to do, so both of its modes are met to rounding.
    count, height, width = 64, 32, 28
    images = torch.randint(0, 256, (count, channels, height, width), dtype=torch.uint8, generator=generator())
    boxes = draw_crops(count, height, width, (0.02, 1.0), (0.75, 4 / 3), generator(1))
    flip = torch.arange(count) % 2 == 0
    ours = crop_and_flip(images, boxes, flip)
    for image, box, mirrored, found in zip(images.float(), boxes.tolist(), flip, ours, strict=True):
        expected = functional.resized_crop(image, *box, [height, width], antialias=antialias)
        expected = functional.hflip(expected) if mirrored else expected
        torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)  # Of 255: float32 rounding.


def test_equals_torchvision_on_pillow_images_to_one_level():
    # Pillow rounds to whole levels after each of its two passes, with weights of 22 bits.
    images = torch.randint(0, 256, (32, 3, 32, 32), dtype=torch.uint8, generator=generator())
    boxes = draw_crops(32, 32, 32, (0.08, 1.0), (0.75, 4 / 3), generator(1))
    ours = crop_and_flip(images, boxes, torch.zeros(32, dtype=torch.bool))
    for image, box, found in zip(images, boxes.tolist(), ours, strict=True):
        pillow = functional.resized_crop(Image.fromarray(image.permute(1, 2, 0).numpy()), *box, [32, 32])
        expected = torch.from_numpy(np.array(pillow)).permute(2, 0, 1).float()
        assert (found - expected).abs().max() <= 1.01


def test_the_whole_image_comes_back_untouched():
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8, generator=generator())
    boxes = torch.tensor([[0, 0, 32, 32]] * 2)
    assert torch.equal(crop_and_flip(images, boxes, torch.tensor([False, False])), images.float())
    assert torch.equal(crop_and_flip(images, boxes, torch.tensor([True, True])), images.flip(3).float())


def test_pixels_outside_the_box_have_no_influence():
    images = torch.full((1, 1, 16, 16), 200, dtype=torch.uint8)
    images[:, :, 4:9, 3:10] = 50
    inside = crop_and_flip(images, torch.tensor([[4, 3, 5, 7]]), torch.tensor([False]))
    torch.testing.assert_close(inside, torch.full((1, 1, 16, 16), 50.0))


@pytest.mark.parametrize(
    ("height", "width", "scale", "ratio"),
    [
        (32, 32, (0.08, 1.0), (0.75, 4 / 3)),
        (32, 32, (0.2, 1.0), (0.75, 4 / 3)),
        (28, 28, (0.5, 1.0), (0.75, 4 / 3)),
        (32, 32, (0.9, 1.0), (0.5, 2.0)),  # Most tries fail: the retries and the fallback show.
        (24, 48, (0.3, 1.0), (0.9, 1.1)),
    ],
)
def test_draws_are_distributed_as_torchvisions(height, width, scale, ratio):
    count = 4000
    ours = draw_crops(count, height, width, scale, ratio, generator()).numpy()
    theirs = torchvision_draws(count, height, width, scale, ratio)
    for name, one, other in zip(("top", "left", "height", "width"), ours.T, theirs.T, strict=True):
        assert same_distribution(one, other) > 1e-3, name
    # The joint distribution too: area, shape and how the position goes with the size.
    for name, of in {
        "area": lambda box: box[:, 2] * box[:, 3],
        "shape": lambda box: box[:, 3] / box[:, 2],
        "bottom": lambda box: box[:, 0] + box[:, 2],
        "whole": lambda box: (box[:, 2] == height) & (box[:, 3] == width),
    }.items():
        assert same_distribution(of(ours), of(theirs)) > 1e-3, name


def test_the_comparison_of_distributions_can_fail():
    theirs = torchvision_draws(4000, 32, 32, (0.08, 1.0), (0.75, 4 / 3))
    other = draw_crops(4000, 32, 32, (0.14, 1.0), (0.75, 4 / 3), generator()).numpy()
    assert same_distribution(theirs[:, 2], other[:, 2]) < 1e-6


@pytest.mark.parametrize(("ratio", "expected"), [((3.0, 4.0), (11, 32)), ((0.25, 0.5), (32, 16))])
def test_falls_back_to_the_largest_central_crop_in_range(ratio, expected):
    # An area of 95 % and more with such ratios never fits into a square.
    boxes = draw_crops(50, 32, 32, (0.95, 1.0), ratio, generator())
    height, width = expected
    assert torch.equal(boxes, torch.tensor(central_crop(32, 32, ratio)).expand(50, 4))
    assert central_crop(32, 32, ratio) == ((32 - height) // 2, (32 - width) // 2, height, width)
    assert np.array_equal(torchvision_draws(1, 32, 32, (0.95, 1.0), ratio)[0, 2:], expected)
    assert central_crop(32, 32, (1.0, 1.0)) == (0, 0, 32, 32)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(1e-3, 1.0),
    st.floats(1e-3, 1.0),
    st.floats(1e-3, 1e3),
    st.floats(1e-3, 1e3),
)
def test_boxes_lie_inside_the_image(height, width, low, high, narrow, wide):
    scale, ratio = (min(low, high), max(low, high)), (min(narrow, wide), max(narrow, wide))
    top, left, box_height, box_width = draw_crops(50, height, width, scale, ratio, generator()).unbind(1)
    assert bool((top >= 0).all() and (left >= 0).all() and (box_height > 0).all() and (box_width > 0).all())
    assert bool((top + box_height <= height).all() and (left + box_width <= width).all())


def test_every_sample_has_a_draw_of_its_own():
    boxes = draw_crops(2000, 32, 32, (0.08, 1.0), (0.75, 4 / 3), generator()).double()
    assert len(torch.unique(boxes, dim=0)) > 1500
    area = boxes[:, 2] * boxes[:, 3]
    neighbours = torch.corrcoef(torch.stack([area[:-1], area[1:]]))[0, 1]
    assert abs(neighbours) < 4 / math.sqrt(2000)
