"""Labelled images, and taking part of them: balanced over the classes, the same part every time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moco_bench.errors import InputError

SEED = 2501_16360


@dataclass(frozen=True)
class Split:
    """Images and their labels."""

    images: Tensor  # uint8 [N, C, H, W]
    labels: Tensor  # int64 [N]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> "Split":
        return Split(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Source:
    """Where a data set comes from. Its splits are read when asked for, so that one nobody asks for is never opened."""

    classes: tuple[str, ...]
    train: Callable[[], Split]
    test: Callable[[], Split]


def hold_out(split: Split, fraction: float) -> tuple[Split, Split]:
    """Part a split in two, class by class: what stays, and about `fraction` of every class (at least one image).

    The parts depend on the labels and `fraction` alone, and a larger fraction holds out the same images and more.

    Raises:
        InputError: a class has a single image.
    """
    labels = split.labels.numpy()
    sizes = np.bincount(labels)
    if sizes[sizes > 0].min() < 2:
        raise InputError(
            f"validation: class {int(np.flatnonzero(sizes == 1)[0])} has a single training image, which can't be both "
            "trained and validated on; give it more images or leave `validation` out"
        )
    held = _ranks(labels, SEED) < np.clip(np.rint(fraction * sizes), 1, sizes - 1)[labels]
    return split[_indices(~held)], split[_indices(held)]


def limit_to(split: Split, count: int | None, key: str) -> Split:
    """Keep `count` images, as equally many of each class as there are, in their former order; None keeps all.

    A smaller count keeps part of what a larger one keeps.

    Raises:
        InputError: `count` is larger than the split or smaller than its number of classes. `key` names the setting.
    """
    if count is None:
        return split
    labels = split.labels.numpy()
    sizes = np.bincount(labels)
    if count > len(split):
        raise InputError(f"{key}: {count} images asked for, the data set has {len(split)}; lower it or leave it out")
    if count < np.count_nonzero(sizes):
        raise InputError(f"{key}: {count} images can't cover {np.count_nonzero(sizes)} classes; raise it")
    # Taken in order of rank, then class, the first `count` are balanced, and a class that is exhausted gives way.
    keep = np.lexsort((labels, _ranks(labels, SEED + 1)))[:count]
    return split[torch.from_numpy(np.sort(keep))]


def _ranks(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Each sample's place in a random order of its own class, from 0."""
    shuffled = np.argsort(np.random.Generator(np.random.PCG64(seed)).random(len(labels)), kind="stable")
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    sizes = np.bincount(labels)
    ranks = np.empty(len(labels), np.int64)
    ranks[by_class] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return ranks


def _indices(mask: NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(np.flatnonzero(mask))
