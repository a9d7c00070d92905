"""Images as a data set's class reads them, checked."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from moco_bench.components.datasets.base import Arrays, Dataset, Files, SplitName
from moco_bench.data.arrays import class_count_of, split_of
from moco_bench.data.decoded import decoded_images
from moco_bench.data.decoding import BrokenFiles
from moco_bench.data.origin import Origin, Sides, remarks, sides_of
from moco_bench.data.resize import to_square
from moco_bench.data.splits import LazySplits, Split
from moco_bench.errors import InputError
from moco_bench.measure.quota import usable_memory


def source_of(dataset: Dataset, image_size: int | None = None, *, tests: bool = True) -> LazySplits:
    """The splits of a data set, each read when it is asked for.

    Args:
        dataset: what reads them.
        image_size: the side that images of several sizes get.
        tests: whether the test split will be asked for: files that can't be used are then named with those of the
            training split.

    Raises:
        InputError: what its `load` gives isn't images and labels (also on reading a split).
    """
    where = f"data set {dataset.title()}" + (f" ({dataset.places()[0]})" if dataset.places() else "")
    size = image_size if image_size is not None else dataset.side
    _check_memory(dataset, where)
    names = dataset.class_names()

    def loaded(name: SplitName) -> Arrays | Files:
        return _loaded(dataset.load(name), f"{where}, {name} split")

    first = loaded("train") if names is None else None
    if first is not None:
        names = tuple(map(str, range(class_count_of(np.asarray(first.labels), f"{where}, training labels"))))
    classes = tuple(str(name).encode(errors="backslashreplace").decode() for name in names or ())  # what has no UTF-8

    def read(name: SplitName) -> Split:
        return _split(loaded(name), len(classes), size, f"{where}, {name} split")

    def train() -> Split:
        given = loaded("train") if first is None else first
        count = class_count_of(np.asarray(given.labels), f"{where}, training labels")
        if count != len(classes):
            raise InputError(f"{where}: {len(classes)} names of classes, but the labels have {count} classes")
        try:
            return _split(given, count, size, f"{where}, train split")
        except BrokenFiles as broken:
            others = _broken(lambda: read("test")) if tests else []
            raise BrokenFiles([*broken.files, *others]) from None

    unlabelled = None if dataset.labelled is None else lambda: read("unlabelled")
    return LazySplits(classes, train, lambda: read("test"), unlabelled)


def _check_memory(dataset: Dataset, where: str) -> None:
    needed, there = dataset.memory(), usable_memory()
    if needed > there:
        raise InputError(
            f"{where}: its arrays take {needed / 2**30:.1f} GiB, more than the {there / 2**30:.1f} GiB of memory here; "
            "an image folder is read from disk as it is needed"
        )


def _loaded(given: Any, where: str) -> Arrays | Files:
    """The result of `load` as `Arrays` or `Files`."""
    if isinstance(given, Arrays | Files):
        return given
    if not isinstance(given, tuple) or len(given) != 2:
        raise InputError(f"{where}: `load` gave a {type(given).__name__}; (images, labels) would be right")
    return Arrays(np.asarray(given[0]), np.asarray(given[1]))


def _split(loaded: Arrays | Files, classes: int, size: int | None, where: str) -> Split:
    if isinstance(loaded, Files):
        if size is None:
            raise InputError(f"{where}: images of several sizes need an `image_size`, such as 64")
        images = decoded_images(loaded.folder, list(loaded.files), size)
        origin = Origin(remarks(loaded.passed_over), images.changed, images.sides)
        return Split(images.pixels, torch.tensor(loaded.labels, dtype=torch.int64), origin)
    pixels, sides = loaded.images, None
    if not isinstance(pixels, np.ndarray):
        pixels, sides = _of_one_size(pixels, size, where)
    labels = np.zeros(len(pixels), np.int64) if loaded.labels is None else loaded.labels
    split = split_of(pixels, labels, classes, where)
    if loaded.labels is None:
        split = Split(split.images, split.labels - 1)
    return Split(split.images, split.labels, Origin(remarks(loaded.passed_over), sides=sides))


def _of_one_size(images: Iterable[NDArray[Any]], size: int | None, where: str) -> tuple[NDArray[Any], Sides]:
    """Cut and resize images [H, W] or [H, W, C] one by one; also returns the smallest and largest sides."""
    found, sizes = [], set()
    for image in images:
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise InputError(
                f"{where}: an image of shape {image.shape} and dtype {image.dtype}; uint8 [H, W, C] needed"
            )
        channels_first = torch.from_numpy(np.array(image.reshape(*image.shape[:2], -1))).permute(2, 0, 1)
        sizes.add(image.shape[:2])
        found.append((channels_first if size is None else to_square(channels_first, size)).contiguous().numpy())
    if not found:
        raise InputError(f"{where}: no images")
    shapes = {image.shape for image in found}
    if len(shapes) > 1:
        some = " and ".join("x".join(map(str, shape)) for shape in sorted(shapes)[:2])
        raise InputError(f"{where}: images of {some} (channels, height, width); `image_size` makes them equal")
    return np.stack(found), sides_of(sizes)


def _broken(read: Callable[[], Split]) -> list[tuple[Any, str]]:
    """Unusable files of another split, so that all are named at once."""
    try:
        read()
    except BrokenFiles as broken:
        return broken.files
    except InputError:
        pass
    return []
