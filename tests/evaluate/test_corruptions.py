import pytest
import torch
from torchvision.transforms.v2 import functional

from moco_bench.evaluate.corruptions import (
    BLUR_SIGMA,
    CONTRAST_LEFT,
    CORRUPTIONS,
    NOISE_STD,
    OCCLUDED_SIDE,
    STRENGTHS,
    corrupt,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def textured(count: int = 6, channels: int = 3, side: int = 32) -> torch.Tensor:
    return torch.randint(60, 196, (count, channels, side, side), generator=seeded(9), dtype=torch.uint8)


@pytest.mark.parametrize("kind", CORRUPTIONS)
@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (5, 3, 20, 31)])
def test_images_stay_images_and_the_original_is_untouched(kind, shape):
    images = torch.randint(256, shape, generator=seeded(), dtype=torch.uint8)
    before = images.clone()
    corrupted = corrupt(images, kind, 2, seeded())
    assert corrupted.dtype == torch.uint8
    assert corrupted.shape == images.shape
    assert torch.equal(images, before)
    assert torch.equal(corrupt(images, kind, 2, seeded()), corrupted)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_higher_strength_changes_more(kind):
    images = textured(count=40)
    change = [(corrupt(images, kind, strength, seeded()).float() - images).abs().mean() for strength in STRENGTHS]
    assert 0 < change[0] < change[1] < change[2]


@pytest.mark.parametrize("kind", ["noise", "occlusion"])
def test_every_image_and_every_seed_has_a_draw_of_its_own(kind):
    images = textured(count=1).expand(20, -1, -1, -1)
    corrupted = corrupt(images, kind, 2, seeded())
    assert len({image.numpy().tobytes() for image in corrupted}) > 10
    assert not torch.equal(corrupted, corrupt(images, kind, 2, seeded(1)))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_noise_has_its_standard_deviation_in_every_channel(strength):
    images = torch.full((20, 3, 32, 32), 128, dtype=torch.uint8)
    error = corrupt(images, "noise", strength, seeded()).float() - 128
    assert error.mean().abs() < 1
    deviations = error.transpose(0, 1).flatten(1).std(dim=1) / 255
    assert deviations.tolist() == pytest.approx([NOISE_STD[strength - 1]] * 3, rel=0.05)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_blur_equals_torchvisions_away_from_the_border(strength):
    images, reach = textured(), 11
    sigma = BLUR_SIGMA[strength - 1] * 32
    expected = functional.gaussian_blur(images.float(), [2 * reach + 1] * 2, [sigma] * 2)
    inner = (..., slice(reach, -reach), slice(reach, -reach))
    difference = corrupt(images, "blur", strength, seeded()).float()[inner] - expected[inner]
    assert difference.abs().max() <= 0.51  # rounding to whole levels


def test_blur_leaves_an_even_image_as_it_is():
    images = torch.full((2, 3, 9, 14), 77, dtype=torch.uint8)
    assert torch.equal(corrupt(images, "blur", 3, seeded()), images)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_contrast_shrinks_deviations_and_keeps_the_mean(strength):
    images = textured().float()
    corrupted = corrupt(images.to(torch.uint8), "contrast", strength, seeded()).float()
    torch.testing.assert_close(corrupted.mean((2, 3)), images.mean((2, 3)), atol=0.2, rtol=0)
    ratio = corrupted.std((2, 3)) / images.std((2, 3))
    torch.testing.assert_close(ratio, torch.full_like(ratio, CONTRAST_LEFT[strength - 1]), atol=0.01, rtol=0)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_occlusion_hides_one_square(strength):
    images = torch.full((50, 3, 32, 24), 10, dtype=torch.uint8)
    corrupted = corrupt(images, "occlusion", strength, seeded())
    side = round(OCCLUDED_SIDE[strength - 1] * 24)
    corners = set()
    for image in corrupted:
        hidden = (image == 128).all(dim=0)
        where = hidden.nonzero()
        assert len(where) == side * side
        assert (where.max(0).values - where.min(0).values + 1).tolist() == [side, side]
        assert (image[:, ~hidden] == 10).all()
        corners.add(tuple(where.min(0).values.tolist()))
    assert len(corners) > 20
