"""Random resized crops: boxes drawn per sample, and bilinear resampling back to full size.

Crop, enlargement and horizontal flip are one affine map of an axis each, so that a whole batch is resampled at once on
one grid.
"""

import math

import numpy as np
import torch
from torch import Tensor

TRIES = 10


def draw_crops(
    count: int,
    height: int,
    width: int,
    scale: tuple[float, float],
    ratio: tuple[float, float],
    generator: torch.Generator,
) -> Tensor:
    """Draw the boxes of `count` random resized crops, as torchvision's `RandomResizedCrop` does.

    The area is uniform in `scale` (parts of the image), the ratio of width to height log-uniform in `ratio`. Of ten
    tries the first that fits is taken; where none fits, the largest central crop whose ratio is in range.

    Returns:
        int64 [count, 4]: top, left, height and width in pixels.
    """
    uniform = torch.rand(count, 2 * TRIES + 2, generator=generator, dtype=torch.float64).numpy()
    area = height * width * (scale[0] + (scale[1] - scale[0]) * uniform[:, :TRIES])
    low, high = math.log(ratio[0]), math.log(ratio[1])
    aspect = np.exp(low + (high - low) * uniform[:, TRIES : 2 * TRIES])
    widths = np.rint(np.sqrt(area * aspect)).astype(np.int64)
    heights = np.rint(np.sqrt(area / aspect)).astype(np.int64)
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    first = fits.argmax(axis=1)[:, None]
    box_height = np.take_along_axis(heights, first, axis=1)[:, 0]
    box_width = np.take_along_axis(widths, first, axis=1)[:, 0]
    top = np.floor(uniform[:, -2] * (height - box_height + 1)).astype(np.int64)
    left = np.floor(uniform[:, -1] * (width - box_width + 1)).astype(np.int64)
    drawn = np.stack([top, left, box_height, box_width], axis=1)
    return torch.from_numpy(np.where(fits.any(axis=1, keepdims=True), drawn, central_crop(height, width, ratio)))


def central_crop(height: int, width: int, ratio: tuple[float, float]) -> tuple[int, int, int, int]:
    """The largest central box whose ratio of width to height is within `ratio`, as a row of `draw_crops`."""
    box_height, box_width = height, width
    if width / height < ratio[0]:
        box_height = max(1, round(width / ratio[0]))
    elif width / height > ratio[1]:
        box_width = max(1, round(height * ratio[1]))
    return (height - box_height) // 2, (width - box_width) // 2, box_height, box_width


def sampling_lines(boxes: Tensor, flip: Tensor, height: int, width: int) -> Tensor:
    """Sampling positions of each sample's rows and columns, for `resample`.

    Args:
        boxes: int64 [B, 4] as from `draw_crops`, on the CPU.
        flip: bool [B], on the CPU.
        height: of the images, pixels.
        width: of the images, pixels.

    Returns:
        float32 [B, 2, 4], rows before columns: position of pixel 0, step from pixel to pixel, first and last position
        of the box; all in units in which an axis goes from -1 to 1 (`grid_sample`, pixels being squares).
    """
    start, length = boxes.numpy()[:, :2].astype(np.float64), boxes.numpy()[:, 2:].astype(np.float64)
    size = np.array([height, width], dtype=np.float64)
    step = length / size
    origin = start + step / 2 - 0.5
    mirrored = np.stack([np.zeros(len(start), dtype=bool), flip.numpy()], axis=1)
    origin, step = np.where(mirrored, origin + (size - 1) * step, origin), np.where(mirrored, -step, step)
    positions = [(2 * pixels + 1) / size - 1 for pixels in (origin, start, start + length - 1)]
    lines = np.stack([positions[0], 2 * step / size, positions[1], positions[2]], axis=2)
    return torch.from_numpy(lines.astype(np.float32))


def resample(images: Tensor, lines: Tensor) -> Tensor:
    """Crop each image to its box, resample it bilinearly to its former size, and mirror it if asked for.

    Pixels outside the box have no influence but by rounding (1e-5 of their value). A crop is never larger than what it
    becomes, so antialiasing (which acts on shrinking only) would change nothing.

    Args:
        images: float32 [B, C, H, W].
        lines: [B, 2, 4] as from `sampling_lines`, on the device of `images`.

    Returns:
        float32 [B, C, H, W] in the units of `images`.
    """
    count, _, height, width = images.shape
    rows, columns = (_positions(lines[:, axis], size) for axis, size in enumerate((height, width)))
    shape = (count, height, width)
    grid = torch.stack([columns[:, None, :].expand(shape), rows[:, :, None].expand(shape)], dim=3)
    return torch.nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _positions(lines: Tensor, size: int) -> Tensor:
    origin, step, first, last = torch.split(lines, 1, dim=1)
    places = torch.arange(size, device=lines.device, dtype=torch.float32)
    return torch.clamp(torch.addcmul(origin, step, places), first, last)


def separable(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """R X C^T for every channel X of every image: [B, C, H, W], [B, H', H], [B, W', W] -> [B, C, H', W']."""
    count, channels, height, width = images.shape
    across = torch.bmm(images.reshape(count, channels * height, width), columns.transpose(1, 2))
    return torch.matmul(rows[:, None], across.reshape(count, channels, height, -1))
