"""Random views of a batch: all parameters are drawn first, independently per sample, and then applied.

In this order: resized crop, flip, colour jitter, grayscale (MoCo's CIFAR-10 demo), blur and solarize (BYOL), and the
normalisation. Parameters are drawn on the CPU from a generator that is passed in, so that the stream of views is the
same on every device and can be hashed.

What is done to a sample is decided on the CPU and goes to the device in one copy: nothing here waits for the device.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.blur import SIGMA, gaussian_blur
from moco_bench.data.colour import HUE, OPERATIONS, jitter, luma_weights, plan_jitter
from moco_bench.data.crop import draw_crops, resample, sampling_lines
from moco_bench.data.transfer import to_device

PIECE = 2**20
"""Values per piece of views on a CPU, 4 MiB of float32, which stay in its cache between operators."""


class Hasher(Protocol):
    """The interface of `hashlib`'s objects."""

    def update(self, data: bytes, /) -> None:
        """Feed bytes."""


@dataclass(frozen=True)
class ViewParameters:
    """The parameters of N views; all on the CPU."""

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
            hasher.update(getattr(self, field.name).numpy().tobytes())

    def of(self, part: slice) -> "ViewParameters":
        """The parameters of some of the samples."""
        return ViewParameters(*(getattr(self, field.name)[part] for field in fields(self)))

    @classmethod
    def joined(cls, parts: "Sequence[ViewParameters]") -> "ViewParameters":
        """The parameters of several draws, concatenated."""
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))


class RecipeViews:
    """Draws and applies the views that a `MocoRecipe` describes; mean and deviation are of images in [0, 1]."""

    def __init__(self, config: MocoRecipe, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        self.config, self.mean, self.std = config, mean, std
        self._strengths = (config.brightness, config.contrast, config.saturation, config.hue)

    def draw(self, count: int, height: int, width: int, generator: torch.Generator) -> ViewParameters:
        """Draw the parameters of `count` views of images of `height` x `width` pixels from a CPU `generator`.

        How much of the generator's stream is used depends on `count` alone, never on the configuration.
        """
        config = self.config
        boxes = draw_crops(count, height, width, config.crop_scale, config.crop_ratio, generator)
        order = torch.rand(count, len(OPERATIONS), generator=generator, dtype=torch.float64).numpy().argsort(axis=1)
        uniform = torch.rand(count, len(OPERATIONS) + 6, generator=generator, dtype=torch.float64).numpy()
        neutral = np.array([1.0, 1.0, 1.0, 0.0])
        drawn = {
            "flip": uniform[:, 4] < config.flip,
            "jitter": uniform[:, 5] < config.jitter_probability,
            "order": order,
            "factors": neutral + np.array(self._strengths) * (2 * uniform[:, :4] - 1),
            "grayscale": uniform[:, 6] < config.grayscale,
            "blur": uniform[:, 7] < config.blur,
            "sigma": SIGMA[0] + (SIGMA[1] - SIGMA[0]) * uniform[:, 8],
            "solarize": uniform[:, 9] < config.solarize,
        }
        return ViewParameters(boxes=boxes, **{name: torch.from_numpy(values) for name, values in drawn.items()})

    def one(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """One view of each image, normalised: [B, C, H, W] uint8 -> float32."""
        count, _, height, width = images.shape
        return self.apply(images, self.draw(count, height, width, generator))

    def two(
        self,
        images: Tensor,
        generator: torch.Generator,
        hasher: Hasher,
        rows: slice,
        memory_format: torch.memory_format,
    ) -> tuple[Tensor, Tensor]:
        """Two normalised views of the given `rows` of a batch; the whole batch's parameters are fed to `hasher`."""
        count, _, height, width = images.shape
        drawn = [self.draw(count, height, width, generator) for _ in range(2)]
        for parameters in drawn:
            parameters.digest(hasher)
        # Both at once: half as many kernel launches, which bound a step on a GPU.
        own, joined = images[rows], ViewParameters.joined([parameters.of(rows) for parameters in drawn])
        views = self.apply(own, joined, memory_format)
        return views[: len(own)], views[len(own) :]

    def apply(
        self,
        images: Tensor,
        parameters: ViewParameters,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> Tensor:
        """Turn images into views, on the device of `images`.

        Args:
            images: uint8 [B, C, H, W] with one or three channels.
            parameters: of N views, as from `draw`: N is a multiple of B, and view i is one of image i modulo B.
            memory_format: of the result.

        Returns:
            float32 [N, C, H, W], normalised.
        """
        count = len(parameters.flip)
        # On a GPU every piece would need its own kernel launches.
        pieces = math.ceil(count * images[0].numel() / PIECE) if images.device.type == "cpu" else 1
        if pieces == 1:
            return self._apply(images, parameters, 0).contiguous(memory_format=memory_format)
        views = torch.empty((count, *images.shape[1:]), memory_format=memory_format)
        size = math.ceil(count / pieces)
        for start in range(0, count, size):
            part = slice(start, start + size)
            views[part] = self._apply(images, parameters.of(part), start)
        return views

    def _apply(self, images: Tensor, parameters: ViewParameters, start: int) -> Tensor:
        channels, height, width = images.shape[1:]
        device, config = images.device, self.config
        active = tuple(strength > 0 for strength in self._strengths)
        plan = plan_jitter(parameters.factors, parameters.order, parameters.jitter, active, channels)
        order = np.argsort(plan.rank, kind="stable")
        last_scale, last_shift = self._last_matrix(parameters.grayscale.numpy(), channels)
        lines = sampling_lines(parameters.boxes, parameters.flip, height, width).numpy()
        sorted_columns = [values[order] for values in (lines, plan.pixel, plan.mean, plan.hue, last_scale, last_shift)]
        places = np.stack([(order + start) % len(images), np.argsort(order)], axis=1).astype(np.int32)
        lines_, pixel, mean, hue, scale, shift, places_ = _sent([*sorted_columns, places.view(np.float32)], device)
        source, unsorted = places_.view(torch.int32).unbind(1)

        views = resample(images.index_select(0, source) / 255, lines_)
        if any(active):
            counts = np.bincount(plan.rank, minlength=len(OPERATIONS))[: len(OPERATIONS)].tolist()
            jitter(views, pixel, mean, hue if active[HUE] else None, counts)
        views = torch.baddbmm(shift, scale, views.flatten(2)).view_as(views).index_select(0, unsorted)
        if config.blur > 0 or config.solarize > 0:
            views = _where(parameters.blur, gaussian_blur, views, parameters.sigma)
            views = _where(parameters.solarize, solarize, views)
            views = standardise(views, self.mean, self.std)
        return views

    def _last_matrix(
        self, grayscale: npt.NDArray[np.bool_], channels: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Grayscale as a matrix, with the normalisation unless blur or solarize follows: [B, C, C] and [B, C, 1]."""
        to_gray = np.tile(luma_weights(channels), (channels, 1))
        matrix = np.where(grayscale[:, None, None], to_gray, np.eye(channels))
        shift = np.zeros((channels, 1))
        if not (self.config.blur > 0 or self.config.solarize > 0):
            std = np.array(self.std)[:, None]
            matrix, shift = matrix / std, -np.array(self.mean)[:, None] / std
        return matrix.astype(np.float32), np.tile(shift, (len(matrix), 1, 1)).astype(np.float32)


def solarize(images: Tensor) -> Tensor:
    """Invert pixels above the middle of [0, 1]: the upper 128 of an image's 256 levels."""
    return torch.where(images >= 128 / 255, 1 - images, images)


def normalise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Normalise images for evaluation: uint8 [N, C, H, W] to float32 in [0, 1], less `mean`, over `std`."""
    return standardise(images.float().div_(255), mean, std)


def standardise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Float images [N, C, H, W] in [0, 1], less `mean`, over `std`, in place."""
    scale = to_device(torch.tensor([mean, std], dtype=images.dtype), images.device)[:, :, None, None]
    return images.sub_(scale[0]).div_(scale[1])


def _sent(arrays: list[npt.NDArray[np.float32]], device: torch.device) -> list[Tensor]:
    """Send float32 arrays [B, ...] to `device` in one copy."""
    packed = np.concatenate([values.reshape(len(values), -1) for values in arrays], axis=1)
    parts = torch.split(to_device(torch.from_numpy(packed), device), [values[0].size for values in arrays], dim=1)
    return [part.view(len(part), *values.shape[1:]) for part, values in zip(parts, arrays, strict=True)]


def _where(chosen: Tensor, change: Callable[..., Tensor], images: Tensor, *parameters: Tensor) -> Tensor:
    """Overwrite the `chosen` images with `change` of them and of their rows of `parameters`."""
    index = chosen.nonzero().squeeze(1)
    if len(index) > 0:
        own = [to_device(parameter[index], images.device) for parameter in parameters]
        index = to_device(index, images.device)
        images[index] = change(images.index_select(0, index), *own)
    return images
