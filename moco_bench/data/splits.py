"""Labelled images, and parts of them: balanced over the classes, the same part every time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from moco_bench.components.datasets.parts import LIMIT_SEED, held_out_places, ranks
from moco_bench.data.origin import UNKNOWN, Origin
from moco_bench.data.stored import Pixels, taken
from moco_bench.errors import InputError


@dataclass(frozen=True)
class Split:
    """Images and their labels."""

    images: Pixels  # uint8 [N, C, H, W]
    labels: Tensor  # int64 [N]
    origin: Origin = UNKNOWN

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> "Split":
        return Split(taken(self.images, index), self.labels[index], self.origin)


@dataclass(frozen=True)
class LazySplits:
    """The splits of a data set, read when asked for, so that an unused one is never opened."""

    classes: tuple[str, ...]
    train: Callable[[], Split]
    test: Callable[[], Split]
    unlabelled: Callable[[], Split] | None = None
    """Images to train on in place of `train`, which is then for evaluation alone."""


def hold_out(split: Split, fraction: float) -> tuple[Split, Split]:
    """Divide a split in two: images that stay, and `fraction` of them, held out from each class in proportion.

    The parts depend on the labels and `fraction` alone; a larger fraction holds out the same images and more.

    Raises:
        InputError: a class is too small to keep an image, or nothing would be held out.
    """
    labels = split.labels.numpy()
    sizes = np.bincount(labels)
    kept, held = held_out_places(labels, fraction)
    if len(held) == 0 or not np.array_equal(np.unique(labels[kept]), np.unique(labels)):
        raise InputError(
            f"validation: {fraction:g} of {len(split)} training images, the smallest class having "
            f"{sizes[sizes > 0].min()}, leaves a class or the held-out part without any; "
            "give more images or another fraction"
        )
    return split[torch.from_numpy(kept)], split[torch.from_numpy(held)]


def limit_unlabelled(split: Split, count: int | None) -> Split:
    """Keep `count` images without labels, in their order; None keeps all.

    Raises:
        InputError: `count` is larger than the split.
    """
    kept = limit_to(Split(split.images, torch.zeros_like(split.labels), split.origin), count, "train_limit")
    return Split(kept.images, torch.full_like(kept.labels, -1), kept.origin)


def limit_to(split: Split, count: int | None, key: str) -> Split:
    """Keep `count` images in their order, as equally many of each class as possible; None keeps all.

    A smaller count keeps part of what a larger one keeps. Where a class runs out, the others make up for it.

    Raises:
        InputError: `count` is larger than the split or smaller than its number of classes. `key` names the setting.
    """
    if count is None:
        return split
    labels = split.labels.numpy()
    classes = len(np.unique(labels))
    if not classes <= count <= len(split):
        raise InputError(
            f"{key}: {count} images asked for, but there are {len(split)} images of {classes} classes; "
            f"give {classes} to {len(split)} or leave it out"
        )
    keep = np.lexsort((labels, ranks(labels, LIMIT_SEED)))[:count]
    return split[torch.from_numpy(np.sort(keep))]
