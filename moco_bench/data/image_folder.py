"""A user's images in folders: path/train/CLASS/* and path/test/CLASS/*."""

from collections.abc import Callable
from pathlib import Path

import torch

from moco_bench.data.decoded import decoded_images
from moco_bench.data.decoding import BrokenFiles
from moco_bench.data.image_files import beside_the_splits, class_names, list_images
from moco_bench.data.origin import Origin
from moco_bench.data.paths import user_path
from moco_bench.data.splits import Source, Split
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig


def image_folder(config: DatasetConfig) -> Source:
    """Images under `path`, as RGB, cut to their central square and resized to `image_size`; a folder is a class."""
    if config.path is None or config.image_size is None:
        missing = "path" if config.path is None else "image_size"
        raise InputError(f"dataset image-folder: `{missing}` is missing; give the folder and the side in pixels")
    path, size = user_path(config.path, "dataset image-folder, path"), config.image_size
    classes = class_names(path / "train")
    if len(classes) < 2:
        raise InputError(f"{path / 'train'}: {len(classes)} class folder(s); accuracy needs at least two")

    def read(name: str) -> Split:
        listing = list_images(path / name, classes)
        passed_over = listing.passed_over + (beside_the_splits(path) if name == "train" else ())
        images = decoded_images(path / name, listing.files, size)
        labels = torch.repeat_interleave(torch.tensor([len(files) for files in listing.by_class]))
        return Split(images.pixels, labels, Origin(passed_over, images.changed, images.sides))

    def train() -> Split:
        try:
            return read("train")
        except BrokenFiles as broken:
            others = _broken(lambda: read("test")) if config.validation == 0 else []
            raise BrokenFiles([*broken.files, *others]) from None

    return Source(classes, train, lambda: read("test"))


def _broken(read: Callable[[], Split]) -> list[tuple[Path, str]]:
    """Which files of another split can't be used either, so that all are named at once."""
    try:
        read()
    except BrokenFiles as broken:
        return broken.files
    except InputError:
        pass
    return []
