"""Checks on images and labels that come from files; each failure says where, what, and what would be right."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from moco_bench.data.splits import Split
from moco_bench.errors import InputError

SMALLEST_SIDE = 8
CHANNELS = (1, 3)


def split_of(images: NDArray[Any], labels: NDArray[Any], class_count: int, where: str) -> Split:
    """Checked images and labels as a split.

    Args:
        images: uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] with one or three channels.
        labels: integers [N] from 0 to `class_count` - 1.
        class_count: how many classes there are.
        where: the file and split, for messages.

    Raises:
        InputError: anything else.
    """
    images = _channels_first(images, where)
    labels = _labels(labels, where)
    if len(images) != len(labels):
        raise InputError(f"{where}: {len(images)} images but {len(labels)} labels; there must be one label an image")
    if len(labels) == 0:
        raise InputError(f"{where}: no images")
    if labels.min() < 0 or labels.max() >= class_count:
        raise InputError(f"{where}: labels reach from {labels.min()} to {labels.max()}, outside 0 to {class_count - 1}")
    return Split(torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(labels.astype(np.int64)))


def class_count_of(labels: NDArray[Any], where: str) -> int:
    """How many classes training labels have: they must be 0, 1, 2, ... with none left out.

    Raises:
        InputError: no labels, a single class, or a gap.
    """
    labels = _labels(labels, where)
    present = np.unique(labels)
    if len(present) < 2:
        raise InputError(f"{where}: {len(present)} class(es) in the labels; accuracy needs at least two")
    if present[0] < 0 or not np.array_equal(present, np.arange(len(present))):
        some = ", ".join(map(str, present[:5])) + ", ..." * (len(present) > 5)
        raise InputError(f"{where}: the {len(present)} classes must be numbered 0 to {len(present) - 1}, found {some}")
    return len(present)


def _channels_first(images: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """[N, C, H, W] from any of the three layouts."""
    if images.dtype != np.uint8:
        raise InputError(f"{where}: images have dtype {images.dtype}; uint8 (0 to 255) is needed")
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4:
        raise InputError(f"{where}: images have shape {images.shape}; [N, H, W], [N, H, W, C] or [N, C, H, W] needed")
    last, first = images.shape[3] in CHANNELS, images.shape[1] in CHANNELS
    if not first and not last:
        raise InputError(f"{where}: images have shape {images.shape}; one or three channels are needed, first or last")
    if last and not first:
        images = images.transpose(0, 3, 1, 2)
    if min(images.shape[2:]) < SMALLEST_SIDE:
        raise InputError(f"{where}: images of {images.shape[2]}x{images.shape[3]} pixels; at least 8x8 is needed")
    return images


def _labels(labels: NDArray[Any], where: str) -> NDArray[Any]:
    if labels.ndim == 2 and labels.shape[1] == 1:  # a column, as Keras and MedMNIST store them
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(
            f"{where}: labels have shape {labels.shape} and dtype {labels.dtype}; "
            "integers of shape [N] or [N, 1] are needed"
        )
    return labels
