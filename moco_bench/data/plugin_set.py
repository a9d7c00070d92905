"""Images that a plug-in reads, held to what all images are held to."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from moco_bench.components.datasets import Dataset
from moco_bench.data.arrays import class_count_of, split_of
from moco_bench.data.splits import Source, Split
from moco_bench.errors import InputError


def plugin_set(dataset: Dataset) -> Source:
    """The images of a plug-in's data set. The test split is read when it is asked for.

    Raises:
        InputError: what its `load` gives isn't images and labels (also on reading the test split).
    """
    where = f"data set {dataset.title()}"
    images, labels = _loaded(dataset, "train", where)
    count = class_count_of(labels, f"{where}, training labels")
    names = dataset.class_names()
    classes = tuple(map(str, range(count) if names is None else names))
    if len(classes) != count:
        raise InputError(f"{where}: `class_names` gives {len(classes)} names, but the labels have {count} classes")

    def test() -> Split:
        return split_of(*_loaded(dataset, "test", where), count, f"{where}, test split")

    train = split_of(images, labels, count, f"{where}, train split")
    return Source(classes, lambda: train, test)


def _loaded(dataset: Dataset, split: Literal["train", "test"], where: str) -> tuple[NDArray[Any], NDArray[Any]]:
    given = dataset.load(split)
    if not isinstance(given, tuple) or len(given) != 2:
        raise InputError(f"{where}: `load({split!r})` gave a {type(given).__name__}; (images, labels) would be right")
    images, labels = (np.asarray(part) for part in given)
    return images, labels
