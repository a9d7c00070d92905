"""CIFAR-100 as one npz file, in an order that the images themselves give.

    python -m tools.cifar100_npz data data/cifar100.npz

Runs depend on the order of the images, and copies of CIFAR-100 differ in it. Sorted by the hashes of their bytes, any
copy gives the same file, so the same runs. SOURCE is a folder with `cifar-100-python`, or an npz of another order.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moco_bench.components.datasets.base import SplitName
from moco_bench.components.datasets.cifar import Cifar100
from moco_bench.components.datasets.npz import NpzFile

Images = NDArray[np.uint8]
SPLITS: tuple[SplitName, ...] = ("train", "test")


def in_own_order(images: Images, labels: NDArray[Any]) -> tuple[Images, NDArray[np.uint8]]:
    """Images [N, 32, 32, 3] and labels [N] by the SHA-256 of each image, equal images by their label."""
    keys = [(hashlib.sha256(image.tobytes()).digest(), int(label)) for image, label in zip(images, labels, strict=True)]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return images[order], labels[order].astype(np.uint8)


def read(source: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an npz, or those of the folder that holds `cifar-100-python`: images as [N, 32, 32, 3]."""
    if source.is_file():
        file = NpzFile(source)
        names = ("x_train", "y_train", "x_test", "y_test", "classes")
        return {name: file.array(name) for name in names}
    dataset = Cifar100(root=str(source))
    arrays: dict[str, NDArray[Any]] = {"classes": np.array(dataset.class_names())}
    for split in SPLITS:
        found = dataset.load(split)
        arrays[f"x_{split}"] = np.ascontiguousarray(np.asarray(found.images).transpose(0, 2, 3, 1))
        arrays[f"y_{split}"] = np.asarray(found.labels)
    return arrays


def main(source: Path, target: Path) -> None:
    """Write `target`."""
    arrays = read(source)
    for split in SPLITS:
        arrays[f"x_{split}"], arrays[f"y_{split}"] = in_own_order(arrays[f"x_{split}"], arrays[f"y_{split}"])
    np.savez_compressed(target, **arrays)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
