"""Colour transforms with a factor a sample, on float32 images [B, C, H, W] in [0, 1].

Each does what torchvision's functional of the same name does to a float image. An image of one channel has neither hue
nor saturation: those two, and losing all colour, leave it as it is, as torchvision does.
"""

import torch
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)
OPERATIONS = ("brightness", "contrast", "saturation", "hue")


def gray(images: Tensor) -> Tensor:
    """The luma (ITU-R BT.601) of each pixel: [B, 1, H, W]."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue)[:, None]


def adjust_brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply by `factor` [B]."""
    return (images * _column(factor)).clamp_(0, 1)


def adjust_contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Move away from (factor above 1) or towards (below 1) the image's mean luma; `factor` [B]."""
    return _blend(images, gray(images).mean(dim=(1, 2, 3), keepdim=True), factor)


def adjust_saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Move each pixel away from or towards its own luma; `factor` [B]."""
    return images if images.shape[1] == 1 else _blend(images, gray(images), factor)


def adjust_hue(images: Tensor, shift: Tensor) -> Tensor:
    """Turn the hue by `shift` [B], in whole turns of the colour circle, at constant HSV saturation and value.

    With m the lowest channel, c = max - m the chroma and h in [0, 6) the hue, a colour is m + c t(h), where t is a
    trapezium a channel, red's being t = clamp(|h - 3| - 1, 0, 1). That is solved for h, turned, and put in again: the
    usual six cases of HSV, which would cost most of the time, collapse into one expression.
    """
    if images.shape[1] == 1:
        return images
    lowest = images.amin(dim=1, keepdim=True)
    chroma = images.amax(dim=1, keepdim=True) - lowest
    red, green, blue = ((images - lowest) / chroma.clamp(min=1e-12)).unbind(1)
    # |h - 3| is d = |blue - green| near cyan (red = 0), 3 - d near red (red = 1) and 1 + red between (d = 1);
    # d + red (3 - 2d) is all three, and blue - green has the sign of h - 3.
    side = blue - green
    hue = 3 + side + red * (torch.copysign(side.new_tensor(3.0), side) - 2 * side)
    hue = torch.remainder(hue + 6 * shift.to(images.dtype)[:, None, None], 6)
    trapezia = torch.stack([(hue - 3).abs() - 1, 2 - (hue - 2).abs(), 2 - (hue - 4).abs()], dim=1)
    return trapezia.clamp_(0, 1).mul_(chroma).add_(lowest)


def jitter(images: Tensor, factors: Tensor, order: Tensor, chosen: Tensor, active: tuple[bool, ...]) -> Tensor:
    """ColorJitter: the four adjustments one after the other, every sample in an order of its own.

    Args:
        images: float32 [B, C, H, W] in [0, 1]; overwritten.
        factors: [B, 4] on the CPU, columns as `OPERATIONS`.
        order: int64 [B, 4] on the CPU: which operation comes first, second, third and last.
        chosen: bool [B] on the CPU: the samples that are jittered at all.
        active: which of the `OPERATIONS` are in use.

    Returns:
        `images`.
    """
    for stage in range(len(OPERATIONS)):
        for operation, adjust in enumerate((adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)):
            if active[operation]:
                index = (chosen & (order[:, stage] == operation)).nonzero().squeeze(1)
                factor = factors[index, operation].to(images.device)
                index = index.to(images.device)
                images.index_copy_(0, index, adjust(images.index_select(0, index), factor))
    return images


def _blend(images: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return torch.lerp(other, images, _column(factor)).clamp_(0, 1)


def _column(factor: Tensor) -> Tensor:
    return factor.float()[:, None, None, None]
