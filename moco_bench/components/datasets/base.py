"""The base class of data sets, and what they load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from moco_bench.components.base import Component
from moco_bench.components.types import Array

SHARED = ("label", "image_size", "train_limit", "test_limit", "validation", "normalise")
"""Keys that every data set has besides its own."""

SplitName = Literal["train", "test", "unlabelled"]
Remarks = Sequence[tuple[str, str]]
"""Skipped files: the reason and the name of each."""


@dataclass(frozen=True)
class Arrays:
    """The images of one split as arrays.

    Attributes:
        images: uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] with one or three channels; or N images of any sizes, one
            after the other, each [H, W] or [H, W, C]: the suite's `image_size` makes them equal.
        labels: integers [N] from 0; None for images without labels.
        passed_over: what lies there and was not read.
    """

    images: Array | Iterable[Array]
    labels: Array | None
    passed_over: Remarks = ()


@dataclass(frozen=True)
class Files:
    """The images of one split as files that Pillow reads: decoded once, kept on disk and resized to `image_size`.

    Attributes:
        folder: that all of them lie in.
        files: in their order.
        labels: of each, from 0.
        passed_over: what lies there and was not read.
    """

    folder: Path
    files: Sequence[Path]
    labels: Sequence[int]
    passed_over: Remarks = ()


class Dataset(Component):
    """Labelled images in two splits. A setting `path` says where they lie; it is part of no fingerprint.

    Attributes:
        sizes: training and test images, where that is known before they are read.
        class_count: likewise.
        labelled: labelled training images, where the split `unlabelled` is what an encoder trains on.
        licence: the terms of the images, where they are known.
        of_files: whether its images are files of any size, so that the suite has to give an `image_size`.
        side: the `image_size` of such files where the suite gives none.
        checksums: whether it reads nothing but files of known content, so that they need no watching.
    """

    kind: ClassVar[str] = "dataset"
    tag: ClassVar[str] = "name"
    sizes: ClassVar[tuple[int, int] | None] = None
    class_count: ClassVar[int | None] = None
    labelled: ClassVar[int | None] = None
    licence: ClassVar[str] = ""
    of_files: ClassVar[bool] = False
    side: ClassVar[int | None] = None
    checksums: ClassVar[bool] = False
    flags: ClassVar[tuple[str, ...]] = ("sizes", "class_count", "labelled", "licence", "of_files", "side", "checksums")

    def load(self, split: SplitName) -> tuple[Array, Array] | Arrays | Files:
        """Read one split, the same images in the same order every time.

        Returns:
            Images, uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] with one or three channels, and labels, integers [N]
            from 0; or `Arrays` or `Files`, which can say more.
        """
        raise NotImplementedError

    def class_names(self) -> Sequence[str] | None:
        """The classes in order of their labels; None for their numbers."""
        return None

    def places(self) -> tuple[str, ...]:
        """Files and folders that have to exist; empty where none are needed or they will be downloaded."""
        path = getattr(self, "path", None)
        return (path,) if isinstance(path, str) else ()

    def memory(self) -> int:
        """Bytes that its arrays take, if known before they are read; else 0."""
        return 0

    def idle_keys(self) -> tuple[str, ...]:
        """See `Settings.idle_keys`: images are known by their hash, not by where they lie."""
        return ("path",)

    @classmethod
    def mistake(cls) -> str | None:
        """See `Component.mistake`."""
        taken = [key for key in cls.model_fields if key in SHARED]
        if taken:
            return f"the setting `{taken[0]}` is one of every data set; choose another name"
        if cls.load is Dataset.load:
            return "has no method `load(split)`"
        sizes = cls.sizes
        whole = isinstance(sizes, tuple | list) and len(sizes) == 2 and all(type(size) is int for size in sizes)
        return None if sizes is None or whole else f"`sizes` is {sizes!r}; (training images, test images) or None"
