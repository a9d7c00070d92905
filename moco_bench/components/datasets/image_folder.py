"""Image files in folders: of a user's own, and of ImageNet-100."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import NOT_IDENTITY
from moco_bench.components.datasets.base import Dataset, Files, SplitName
from moco_bench.components.datasets.image_files import beside_the_splits, class_names, list_images
from moco_bench.components.datasets.paths import user_path
from moco_bench.errors import InputError


class FolderOfClasses(Dataset):
    """Images under `path`, in a folder for each split and class: RGB, cut to their central square, resized.

    Attributes:
        folders: of the training and of the test images.
    """

    of_files: ClassVar[bool] = True
    folders: ClassVar[tuple[str, str]] = ("train", "test")

    path: str = Field(description="The folder with a folder for each split.", json_schema_extra=NOT_IDENTITY)

    @property
    def _classes(self) -> tuple[str, ...]:
        folder = self._path / self.folders[0]
        classes = class_names(folder)
        if len(classes) < 2:
            raise InputError(f"{folder}: {len(classes)} class folder(s); accuracy needs at least two")
        if self.class_count not in (None, len(classes)):
            raise InputError(f"{folder}: {len(classes)} class folders; {self.title()} has {self.class_count}")
        return classes

    @property
    def _path(self) -> Path:
        return user_path(self.path, f"dataset {self.title()}, path")

    def load(self, split: SplitName) -> Files:
        images = list_images(self._path / self.folders[split == "test"], self._classes)
        if split == "test":
            return images
        return replace(images, passed_over=[*images.passed_over, *beside_the_splits(self._path, self.folders)])

    def class_names(self) -> Sequence[str]:
        """See `Dataset.class_names`. The folders' names as UTF-8: the locale would make other classes of them."""
        return [os.fsencode(name).decode(errors="backslashreplace") for name in self._classes]

    def places(self) -> tuple[str, ...]:
        return tuple(f"{self.path}/{name}" for name in self.folders)


class ImageFolder(FolderOfClasses):
    """A user's image files, in a folder for each split and class: `path/train/CLASS/*` and `path/test/CLASS/*`."""

    name: Literal["image-folder"] = "image-folder"


class ImageNet100(FolderOfClasses):
    """ImageNet-100: a folder of 100 classes of ImageNet, as `path/train/nXXXXXXXX/*` and `path/val/nXXXXXXXX/*`.

    There are several lists of 100 classes; results on different ones don't compare, and the data set's hash tells them
    apart.
    """

    source: ClassVar[str] = "Tian et al. 2020 (arXiv 1906.05849), after Deng et al. 2009 (ImageNet)"
    licence: ClassVar[str] = "ImageNet's terms of access: research without commercial use"
    class_count: ClassVar[int | None] = 100
    folders: ClassVar[tuple[str, str]] = ("train", "val")

    name: Literal["imagenet100"] = "imagenet100"
