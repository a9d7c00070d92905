"""What a data set can say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from moco_bench.components.base import Component

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARED = ("label", "image_size", "train_limit", "test_limit", "validation", "normalise")
"""Keys that every data set has beside its own."""


class Dataset(Component):
    """Labelled images in two splits. A setting `path` says where they lie; it is part of no fingerprint.

    Attributes:
        sizes: training and test images, where that is known before they are read.
        class_count: likewise.
    """

    kind: ClassVar[str] = "dataset"
    tag: ClassVar[str] = "name"
    sizes: ClassVar[tuple[int, int] | None] = None
    class_count: ClassVar[int | None] = None
    flags: ClassVar[tuple[str, ...]] = ("sizes", "class_count")

    def load(self, split: Literal["train", "test"]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Read one split, the same images in the same order every time.

        Returns:
            Images, uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] with one or three channels, and labels, integers [N]
            from 0.
        """
        raise NotImplementedError

    def class_names(self) -> Sequence[str] | None:
        """The classes in order of their labels; None for their numbers."""
        return None

    def idle_keys(self) -> tuple[str, ...]:
        """See `Section.idle_keys`: images are known by their hash, not by where they lie."""
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
