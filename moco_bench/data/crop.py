"""Random resized crops: where to cut (a draw a sample), and the bilinear resampling back to full size.

A crop, its enlargement and a horizontal flip act on rows and columns separately, so each image X becomes R X C^T with
two small matrices of its own. A whole batch is then two batched products, without a loop and without a sampling grid.
"""

import math

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
    uniform = torch.rand(count, 2 * TRIES + 2, generator=generator, dtype=torch.float64)
    area = height * width * (scale[0] + (scale[1] - scale[0]) * uniform[:, :TRIES])
    low, high = math.log(ratio[0]), math.log(ratio[1])
    aspect = torch.exp(low + (high - low) * uniform[:, TRIES : 2 * TRIES])
    widths = (area * aspect).sqrt().round().long()
    heights = (area / aspect).sqrt().round().long()
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    first = fits.int().argmax(dim=1, keepdim=True)
    box_height, box_width = heights.gather(1, first).squeeze(1), widths.gather(1, first).squeeze(1)
    top = (uniform[:, -2] * (height - box_height + 1)).floor().long()
    left = (uniform[:, -1] * (width - box_width + 1)).floor().long()
    drawn = torch.stack([top, left, box_height, box_width], dim=1)
    return torch.where(fits.any(dim=1, keepdim=True), drawn, central_crop(height, width, ratio))


def central_crop(height: int, width: int, ratio: tuple[float, float]) -> Tensor:
    """The largest central box whose ratio of width to height is within `ratio`: int64 [4], as in `draw_crops`."""
    box_height, box_width = height, width
    if width / height < ratio[0]:
        box_height = max(1, round(width / ratio[0]))
    elif width / height > ratio[1]:
        box_width = max(1, round(height * ratio[1]))
    return torch.tensor([(height - box_height) // 2, (width - box_width) // 2, box_height, box_width])


def crop_and_flip(images: Tensor, boxes: Tensor, flip: Tensor) -> Tensor:
    """Cut each image to its box, resample it bilinearly to its former size and mirror it where `flip` is set.

    Pixels outside the box have no influence. A crop is never larger than what it becomes, so antialiasing (which acts
    on shrinking only) would change nothing.

    Args:
        images: [B, C, H, W], any real dtype.
        boxes: [B, 4] as from `draw_crops`.
        flip: bool [B].

    Returns:
        float32 [B, C, H, W] in the units of `images`.
    """
    height, width = images.shape[-2:]
    top, left, box_height, box_width = boxes.unbind(1)
    rows = _bilinear_rows(top, box_height, height)
    columns = _bilinear_rows(left, box_width, width)
    columns = torch.where(flip[:, None, None], columns.flip(1), columns)
    return separable(images.float(), rows, columns)


def separable(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """R X C^T for every channel X of every image: [B, C, H, W], [B, H', H], [B, W', W] -> [B, C, H', W']."""
    count, channels, height, width = images.shape
    across = torch.bmm(images.reshape(count, channels * height, width), columns.transpose(1, 2))
    return torch.matmul(rows[:, None], across.reshape(count, channels, height, -1))


def _bilinear_rows(start: Tensor, length: Tensor, size: int) -> Tensor:
    """The matrix [B, size, size] that stretches `length` pixels from `start` on over `size` pixels."""
    length = length.float()[:, None]
    grid = torch.arange(size, device=start.device, dtype=torch.float32)
    source = (grid + 0.5) * (length / size) - 0.5
    source = torch.minimum(source.clamp(min=0), length - 1) + start[:, None]
    return (1 - (source[:, :, None] - grid).abs()).clamp_(min=0)
