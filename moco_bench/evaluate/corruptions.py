"""Corrupted images, to measure robustness of features: four kinds at three strengths.

In the manner of CIFAR-10-C (Hendrycks & Dietterich 1903.12261), but with parameters of our own: accuracies under them
compare arms of a suite with each other, not with published tables.
"""

from collections.abc import Callable

import torch
from torch import Tensor

STRENGTHS = (1, 2, 3)
NOISE_STD = (0.05, 0.1, 0.2)
"""Standard deviation of the noise, for images in [0, 1]."""
BLUR_SIGMA = (0.02, 0.04, 0.08)
"""Standard deviation of the Gaussian, as a fraction of the image's height and width."""
CONTRAST_LEFT = (0.6, 0.35, 0.15)
"""Fraction of each deviation from the image's mean that remains."""
OCCLUDED_SIDE = (0.25, 0.375, 0.5)
"""Side of the occluding square, as a fraction of the shorter side."""
OCCLUSION_GREY = 128.0


def corrupt(images: Tensor, kind: str, strength: int, generator: torch.Generator) -> Tensor:
    """Corrupt every image of a batch, independently per image where the kind is random.

    Args:
        images: uint8 [N, C, H, W].
        kind: One of `CORRUPTIONS`.
        strength: 1, 2 or 3.
        generator: A CPU generator, so that every device sees the same corrupted images.

    Returns:
        uint8 [N, C, H, W], on the device of `images`.
    """
    corrupted = CORRUPTIONS[kind](images.float(), STRENGTHS.index(strength), generator)
    return corrupted.round_().clamp_(0, 255).to(torch.uint8)


def _noise(images: Tensor, level: int, generator: torch.Generator) -> Tensor:
    """Gaussian noise, independent per pixel and channel."""
    noise = torch.randn(images.shape, generator=generator).to(images.device)
    return images + 255 * NOISE_STD[level] * noise


def _blur(images: Tensor, level: int, generator: torch.Generator) -> Tensor:
    """Gaussian blur by rows and columns; at the borders, weights are renormalised over existing pixels."""
    del generator
    height, width = images.shape[-2:]
    rows, columns = (_gaussian_matrix(side, BLUR_SIGMA[level] * side).to(images) for side in (height, width))
    return rows @ images @ columns.T


def _gaussian_matrix(side: int, sigma: float) -> Tensor:
    """Matrix [side, side] whose row i weighs the pixels by their distance to pixel i and adds up to one."""
    position = torch.arange(side, dtype=torch.float64)
    return torch.softmax(-0.5 * ((position[:, None] - position) / sigma) ** 2, dim=1)


def _contrast(images: Tensor, level: int, generator: torch.Generator) -> Tensor:
    """Each channel of each image, pulled towards its own mean."""
    del generator
    mean = images.mean(dim=(2, 3), keepdim=True)
    return mean + CONTRAST_LEFT[level] * (images - mean)


def _occlusion(images: Tensor, level: int, generator: torch.Generator) -> Tensor:
    """A grey square at a random position, wholly inside the image."""
    count, _, height, width = images.shape
    side = max(1, round(OCCLUDED_SIDE[level] * min(height, width)))
    top = torch.randint(height - side + 1, (count, 1), generator=generator)
    left = torch.randint(width - side + 1, (count, 1), generator=generator)
    row, column = torch.arange(height), torch.arange(width)
    in_rows = (row >= top) & (row < top + side)
    in_columns = (column >= left) & (column < left + side)
    hidden = (in_rows[:, :, None] & in_columns[:, None, :]).to(images.device)
    return images.masked_fill(hidden[:, None], OCCLUSION_GREY)


CORRUPTIONS: dict[str, Callable[[Tensor, int, torch.Generator], Tensor]] = {
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
    "occlusion": _occlusion,
}
