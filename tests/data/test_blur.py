import pytest
import torch
from torchvision.transforms.v2 import functional

from moco_bench.data.blur import gaussian_blur, kernel_size


@pytest.mark.parametrize("side", [8, 28, 32, 64, 96])
def test_equals_torchvision(side):
    images = torch.rand(6, 3, side, side, generator=torch.Generator().manual_seed(0))
    sigmas = torch.tensor([0.1, 0.3, 0.7, 1.0, 1.5, 2.0], dtype=torch.float64)
    found = gaussian_blur(images, sigmas)
    kernel = [kernel_size(side)] * 2
    expected = torch.stack(
        [functional.gaussian_blur(x, kernel, [s]) for x, s in zip(images, sigmas.tolist(), strict=True)]
    )
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_oblong_images_have_a_kernel_an_axis():
    image = torch.rand(1, 1, 24, 64, generator=torch.Generator().manual_seed(0))
    found = gaussian_blur(image, torch.tensor([1.2]))
    expected = functional.gaussian_blur(image, [kernel_size(64), kernel_size(24)], [1.2])
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize(("side", "size"), [(8, 3), (28, 3), (32, 3), (64, 7), (96, 9), (224, 23)])
def test_kernel_is_a_tenth_of_the_side_and_odd(side, size):
    assert kernel_size(side) == size


def test_flat_images_stay_flat():
    flat = torch.full((1, 3, 16, 16), 0.37)
    torch.testing.assert_close(gaussian_blur(flat, torch.tensor([2.0])), flat)
