"""Colour jitter with one order per sample, on float32 images [B, C, H, W] in [0, 1].

Does what torchvision's functionals do to a float image. Brightness, contrast and saturation are of one kind: a matrix
for the pixel's channels, plus a matrix for the image's mean, and a clamp (which is why they can't be multiplied into
one). Hue is not linear. So a sample is: some of the three, hue, the rest of the three. With the samples sorted by where
hue comes, everything that is to be done alike lies in one run of them, and no stage has to look for its samples.

An image of one channel has neither hue nor saturation: those two leave it as it is, as torchvision does.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)
OPERATIONS = ("brightness", "contrast", "saturation", "hue")
HUE = OPERATIONS.index("hue")
CENTRES = (0.0, 1 / 3, 2 / 3)
"""Centres of red, green and blue on the circle of hues, in turns."""


@dataclass(frozen=True)
class JitterPlan:
    """The adjustments of B samples, to be sorted by `rank`; arrays on the CPU.

    Attributes:
        rank: int64 [B], where hue comes in a sample's order, 4 for those that aren't jittered.
        pixel: float32 [B, 4, C, C], for each place of the order: the matrix for a pixel.
        mean: float32 [B, 4, C, C], for each place of the order: the matrix for the image's mean.
        hue: float32 [B, 3], the shift less each channel's centre, in turns, modulo 1, plus 1.
    """

    rank: npt.NDArray[np.int64]
    pixel: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    hue: npt.NDArray[np.float32]


def luma_weights(channels: int) -> npt.NDArray[np.float64]:
    """The weight of each channel in a pixel's luma (ITU-R BT.601): [C]."""
    return np.array(LUMA if channels > 1 else [1.0])


def plan_jitter(factors: Tensor, order: Tensor, chosen: Tensor, active: tuple[bool, ...], channels: int) -> JitterPlan:
    """Turn factors and orders into matrices.

    Args:
        factors: float64 [B, 4] on the CPU, columns as `OPERATIONS`.
        order: int64 [B, 4] on the CPU: which operation comes first, second, third and last.
        chosen: bool [B] on the CPU: the samples that are jittered at all.
        active: which of the `OPERATIONS` are in use.
        channels: of the images, 1 or 3.
    """
    following, jittered = order.numpy(), chosen.numpy()
    neutral = np.where(np.arange(len(OPERATIONS)) == HUE, 0.0, 1.0)
    factor = np.where(jittered[:, None] & np.array(active), factors.numpy(), neutral)
    own = np.take_along_axis(factor, following, axis=1)[:, :, None, None]
    kind = following[:, :, None, None]
    identity = np.eye(channels)
    to_luma = np.tile(luma_weights(channels), (channels, 1))
    scaled = np.where(kind == HUE, 1.0, own)
    pixel = scaled * identity + np.where(kind == OPERATIONS.index("saturation"), 1 - scaled, 0.0) * to_luma
    mean = np.where(kind == OPERATIONS.index("contrast"), 1 - scaled, 0.0) * to_luma
    turns = (factor[:, HUE, None] - np.array(CENTRES)) % 1 + 1
    rank = np.where(jittered, (following == HUE).argmax(axis=1), len(OPERATIONS))
    return JitterPlan(rank, pixel.astype(np.float32), mean.astype(np.float32), turns.astype(np.float32))


def jitter(images: Tensor, pixel: Tensor, mean: Tensor, hue: Tensor | None, counts: list[int]) -> Tensor:
    """ColorJitter: the four adjustments one after the other, each sample in its own order.

    Args:
        images: float32 [B, C, H, W] in [0, 1], sorted by `JitterPlan.rank`; overwritten.
        pixel: [B, 4, C, C], sorted alike, on the device of `images`; see `JitterPlan`.
        mean: [B, 4, C, C], likewise.
        hue: [B, 3], likewise; None where hue isn't in use.
        counts: how many samples have each rank, 0 to 3; the rest isn't jittered.

    Returns:
        `images`.
    """
    starts = np.concatenate([[0], np.cumsum(counts)]).tolist()
    jittered = starts[-1]
    flat = images.flatten(2)
    for place in range(HUE):  # comes before hue in samples whose hue comes later
        _affine(flat, pixel, mean, place, starts[place + 1], jittered)
    if hue is not None and images.shape[1] > 1 and jittered > 0:
        turn_hue(images[:jittered], hue[:jittered])
    for place in range(1, len(OPERATIONS)):
        _affine(flat, pixel, mean, place, 0, starts[place])
    return images


def _affine(flat: Tensor, pixel: Tensor, mean: Tensor, place: int, first: int, last: int) -> None:
    """Brightness, contrast or saturation of the samples from `first` up to `last`, in place; `flat` is [B, C, HW]."""
    if first < last:
        own = flat[first:last]
        constant = torch.bmm(mean[first:last, place], own.mean(dim=2, keepdim=True))
        torch.clamp(torch.baddbmm(constant, pixel[first:last, place], own), 0, 1, out=own)


def turn_hue(images: Tensor, turns: Tensor) -> None:
    """Turn the hue of [B, 3, H, W], in place, at constant HSV saturation and value.

    With c = max - min the chroma and h the hue in turns, a channel whose centre is k has the value
    max + c - 6 c w, where w is the distance of h from k on the circle, not less than 1/6 and not more than 1/3.
    That is solved for h, turned, and put in again: the usual six cases of HSV collapse into one expression.

    Args:
        images: in [0, 1].
        turns: [B, 3], as `JitterPlan.hue`: a turn more than needed keeps what follows above 0.
    """
    red, green, blue = images.unbind(1)
    lowest, highest = images.amin(dim=1), images.amax(dim=1)
    chroma = highest - lowest
    share = chroma.clamp(min=1e-12).reciprocal_()
    red, side = (red - lowest).mul_(share), (blue - green).mul_(share)
    # In sixths of a turn |h - 3| is d = |blue - green| near cyan (red = 0), 3 - d near red (red = 1) and 1 + red
    # between (d = 1); d + red (3 - 2d) is all three, and blue - green has the sign of h - 3.
    slope = torch.copysign(torch.full((), 3.0, device=side.device), side).sub_(side, alpha=2)
    hue = torch.addcmul(side, red, slope)
    distance = torch.add(turns[:, :, None, None], hue[:, None], alpha=1 / 6)
    distance.frac_().sub_(0.5).abs_().clamp_(1 / 6, 1 / 3)  # of h + 1/2, in which the centre lies at 1/2
    torch.addcmul((highest + chroma)[:, None], distance, chroma[:, None], value=-6, out=images)
