"""Colour transforms with a factor a sample, in place, on float32 images [B, C, H, W] in [0, 1].

Each does what torchvision's functional of the same name does to a float image. An image of one channel has neither hue
nor saturation: those two, and losing all colour, leave it as it is, as torchvision does.
"""

import torch
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)
OPERATIONS = ("brightness", "contrast", "saturation", "hue")
TRAPEZIA = ((3.0, 2.0, 4.0), (1.0, -1.0, -1.0), (-1.0, 2.0, 2.0))
"""Of red, green and blue: centre, sign and offset."""


def gray(images: Tensor) -> Tensor:
    """The luma (ITU-R BT.601) of each pixel: [B, 1, H, W]."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue)[:, None]


def adjust_brightness(images: Tensor, factor: Tensor) -> None:
    """Multiply by `factor` [B]."""
    images.mul_(_column(factor)).clamp_(0, 1)


def adjust_contrast(images: Tensor, factor: Tensor) -> None:
    """Move away from (factor above 1) or towards (below 1) the image's mean luma; `factor` [B]."""
    _blend(images, gray(images).mean(dim=(1, 2, 3), keepdim=True), factor)


def adjust_saturation(images: Tensor, factor: Tensor) -> None:
    """Move each pixel away from or towards its own luma; `factor` [B]."""
    if images.shape[1] > 1:
        _blend(images, gray(images), factor)


def adjust_hue(images: Tensor, shift: Tensor) -> None:
    """Turn the hue by `shift` [B], in whole turns from -1 to 1, at constant HSV saturation and value.

    With m the lowest channel, c = max - m the chroma and h in [0, 6) the hue, a colour is m + c t(h), where t is a
    trapezium a channel, red's being t = clamp(|h - 3| - 1, 0, 1). That is solved for h, turned, and put in again: the
    usual six cases of HSV, which would cost most of the time, collapse into one expression.
    """
    if images.shape[1] == 1:
        return
    red, green, blue = images.unbind(1)
    lowest = torch.minimum(torch.minimum(red, green), blue)[:, None]
    chroma = torch.maximum(torch.maximum(red, green), blue)[:, None].sub_(lowest)
    red, green, blue = ((images - lowest).div_(chroma.clamp(min=1e-12))).unbind(1)
    # |h - 3| is d = |blue - green| near cyan (red = 0), 3 - d near red (red = 1) and 1 + red between (d = 1);
    # d + red (3 - 2d) is all three, and blue - green has the sign of h - 3.
    side = blue.sub_(green)
    hue = torch.copysign(side.new_tensor(3.0), side).sub_(2 * side).mul_(red).add_(3 + side)
    hue.add_(6 * shift.to(images.dtype)[:, None, None])
    hue.add_(hue < 0, alpha=6).add_(hue >= 6, alpha=-6)  # a remainder of what can't be far out
    centre, sign, offset = images.new_tensor(TRAPEZIA)[:, :, None, None]
    torch.sub(hue[:, None], centre, out=images)
    images.abs_().mul_(sign).add_(offset).clamp_(0, 1).mul_(chroma).add_(lowest)


ADJUSTMENTS = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)


def jitter(images: Tensor, factors: Tensor, order: Tensor, chosen: Tensor, active: tuple[bool, ...]) -> Tensor:
    """ColorJitter: the four adjustments one after the other, every sample in an order of its own.

    Before each of the four stages the jittered samples are sorted by what comes next, so that each adjustment changes
    one run of them in place.

    Args:
        images: float32 [B, C, H, W] in [0, 1]; overwritten.
        factors: [B, 4] on the CPU, columns as `OPERATIONS`.
        order: int64 [B, 4] on the CPU: which operation comes first, second, third and last.
        chosen: bool [B] on the CPU: the samples that are jittered at all.
        active: which of the `OPERATIONS` are in use.

    Returns:
        `images`.
    """
    device = images.device
    numbers = chosen.nonzero().squeeze(1)
    jittered = images.index_select(0, numbers.to(device))
    for stage in range(len(OPERATIONS)):
        following = order[numbers, stage]
        places = following.argsort(stable=True)
        numbers, jittered = numbers[places], jittered.index_select(0, places.to(device))
        lengths = following.bincount(minlength=len(OPERATIONS)).tolist()
        runs, own = torch.split(jittered, lengths), torch.split(factors[numbers].to(device), lengths)
        for operation, adjust in enumerate(ADJUSTMENTS):
            if active[operation] and len(runs[operation]):
                adjust(runs[operation], own[operation][:, operation])
    return images.index_copy_(0, numbers.to(device), jittered)


def _blend(images: Tensor, other: Tensor, factor: Tensor) -> None:
    torch.lerp(other, images, _column(factor), out=images).clamp_(0, 1)


def _column(factor: Tensor) -> Tensor:
    return factor.float()[:, None, None, None]
