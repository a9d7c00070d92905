"""Random views of a batch: all parameters are drawn first, one independent draw a sample, and then applied.

In this order: resized crop, flip, colour jitter, grayscale (MoCo's CIFAR-10 demo), blur and solarize (BYOL), and the
normalisation. Parameters are drawn on the CPU from a generator that is passed in, so that the stream of views is the
same on every device and can be hashed.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

import torch
from torch import Tensor

from moco_bench.data.blur import SIGMA, gaussian_blur
from moco_bench.data.colour import OPERATIONS, gray, jitter
from moco_bench.data.crop import crop_and_flip, draw_crops
from moco_bench.suite.config import AugmentConfig


class Hasher(Protocol):
    """What `hashlib`'s objects have in common."""

    def update(self, data: bytes, /) -> None:
        """Feed bytes."""


@dataclass(frozen=True)
class ViewParameters:
    """What is done to each of N images; all on the CPU."""

    boxes: Tensor  # int64 [N, 4]: top, left, height, width of the crop in pixels
    flip: Tensor  # bool [N]
    jitter: Tensor  # bool [N]
    order: Tensor  # int64 [N, 4]: the jitter's operations, first to last
    factors: Tensor  # float64 [N, 4]: brightness, contrast, saturation (1: unchanged), hue (turns, 0: unchanged)
    grayscale: Tensor  # bool [N]
    blur: Tensor  # bool [N]
    sigma: Tensor  # float64 [N], pixels
    solarize: Tensor  # bool [N]

    def digest(self, hasher: Hasher) -> None:
        """Feed every parameter to `hasher`, bit for bit."""
        for field in fields(self):
            hasher.update(getattr(self, field.name).contiguous().numpy().tobytes())


class Augmentation:
    """Draws and applies the views that an `AugmentConfig` describes.

    Args:
        config: strengths and probabilities.
        mean: per channel, of images in [0, 1].
        std: per channel, of images in [0, 1].
    """

    def __init__(self, config: AugmentConfig, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        self.config, self.mean, self.std = config, mean, std
        self._strengths = (config.brightness, config.contrast, config.saturation, config.hue)

    def draw(self, count: int, height: int, width: int, generator: torch.Generator) -> ViewParameters:
        """Draw the parameters of `count` views of images of `height` x `width` pixels from a CPU `generator`.

        How much of the generator's stream is used depends on `count` alone, never on the configuration.
        """
        config = self.config
        boxes = draw_crops(count, height, width, config.crop_scale, config.crop_ratio, generator)
        order = torch.rand(count, len(OPERATIONS), generator=generator, dtype=torch.float64).argsort(dim=1)
        uniform = torch.rand(count, len(OPERATIONS) + 6, generator=generator, dtype=torch.float64)
        strengths = torch.tensor(self._strengths, dtype=torch.float64)
        neutral = torch.tensor([1.0, 1.0, 1.0, 0.0], dtype=torch.float64)
        return ViewParameters(
            boxes=boxes,
            flip=uniform[:, 4] < config.flip,
            jitter=uniform[:, 5] < config.jitter_probability,
            order=order,
            factors=neutral + strengths * (2 * uniform[:, :4] - 1),
            grayscale=uniform[:, 6] < config.grayscale,
            blur=uniform[:, 7] < config.blur,
            sigma=SIGMA[0] + (SIGMA[1] - SIGMA[0]) * uniform[:, 8],
            solarize=uniform[:, 9] < config.solarize,
        )

    def apply(self, images: Tensor, parameters: ViewParameters) -> Tensor:
        """Turn images into views, on the device of `images`.

        Args:
            images: uint8 [B, C, H, W] with one or three channels.
            parameters: of as many images, as from `draw`.

        Returns:
            float32 [B, C, H, W], normalised.
        """
        device = images.device
        views = crop_and_flip(images, parameters.boxes.to(device), parameters.flip.to(device)).div_(255)
        active = tuple(strength > 0 for strength in self._strengths)
        views = jitter(views, parameters.factors, parameters.order, parameters.jitter, active)
        views = _where(parameters.grayscale, gray, views)
        views = _where(parameters.blur, gaussian_blur, views, parameters.sigma)
        views = _where(parameters.solarize, solarize, views)
        return _standardise(views, self.mean, self.std)


def solarize(images: Tensor) -> Tensor:
    """Invert what is above the middle of [0, 1]: the upper 128 of an image's 256 levels."""
    return torch.where(images >= 128 / 255, 1 - images, images)


def normalise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Images as evaluation sees them: uint8 [N, C, H, W] to float32, in [0, 1], less `mean`, over `std`."""
    return _standardise(images.float().div_(255), mean, std)


def _standardise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    shape = (1, -1, 1, 1)
    return images.sub_(images.new_tensor(mean).view(shape)).div_(images.new_tensor(std).view(shape))


def _where(chosen: Tensor, change: Callable[..., Tensor], images: Tensor, *parameters: Tensor) -> Tensor:
    """Overwrite the `chosen` images with what `change` makes of them and of their share of `parameters`."""
    index = chosen.nonzero().squeeze(1)
    if len(index) > 0:
        own = [parameter[index].to(images.device) for parameter in parameters]
        index = index.to(images.device)
        images[index] = change(images.index_select(0, index), *own)
    return images
