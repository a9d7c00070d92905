"""Tiny-ImageNet in the folder that its authors give out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import NOT_IDENTITY
from moco_bench.components.datasets.base import Dataset, Files, SplitName
from moco_bench.components.datasets.image_files import list_images
from moco_bench.components.datasets.paths import user_path
from moco_bench.errors import InputError, why_unread


class TinyImageNet(Dataset):
    """Tiny-ImageNet: 200 classes, 64x64 RGB, in the folder `tiny-imagenet-200`.

    The labels of its test split were never given out, so its validation split is what is evaluated on.
    """

    source: ClassVar[str] = "Le and Yang 2015, Tiny ImageNet visual recognition challenge (CS 231N, Stanford)"
    licence: ClassVar[str] = "ImageNet's terms of access: research without commercial use"
    sizes: ClassVar[tuple[int, int] | None] = (100_000, 10_000)
    class_count: ClassVar[int | None] = 200
    of_files: ClassVar[bool] = True
    side: ClassVar[int | None] = 64

    name: Literal["tiny-imagenet"] = "tiny-imagenet"
    path: str = Field(
        "data/tiny-imagenet-200",
        description="The folder with `wnids.txt`, `words.txt`, `train` and `val`.",
        json_schema_extra=NOT_IDENTITY,
    )

    @property
    def _path(self) -> Path:
        return user_path(self.path, "dataset tiny-imagenet, path")

    @property
    def _ids(self) -> tuple[str, ...]:
        return tuple(sorted(line.strip() for line in self._lines("wnids.txt") if line.strip()))

    def load(self, split: SplitName) -> Files:
        return self._training() if split == "train" else self._validation()

    def class_names(self) -> Sequence[str]:
        """The first word of each class, with its number in WordNet where two share a word."""
        words = dict(line.split("\t", 1) for line in self._lines("words.txt") if "\t" in line)
        short = [words.get(number, number).split(",")[0].strip() for number in self._ids]
        return [
            word if short.count(word) == 1 else f"{word} ({number})"
            for word, number in zip(short, self._ids, strict=True)
        ]

    def places(self) -> tuple[str, ...]:
        return tuple(f"{self.path}/{name}" for name in ("wnids.txt", "words.txt", "train", "val"))

    def _training(self) -> Files:
        images = list_images(self._path / "train", self._ids)
        return replace(images, passed_over=[p for p in images.passed_over if not p[1].endswith("_boxes.txt")])

    def _validation(self) -> Files:
        label_of = {number: label for label, number in enumerate(self._ids)}
        rows = [line.split("\t") for line in self._lines("val/val_annotations.txt") if line.strip()]
        wrong = next((row for row in rows if len(row) < 2 or row[1] not in label_of), None)
        if wrong is not None:
            raise InputError(
                f"{self._path}/val/val_annotations.txt: {wrong[:2]!r} is no image with one of the classes of wnids.txt"
            )
        folder = self._path / "val" / "images"
        missing = next((row[0] for row in rows if not (folder / row[0]).is_file()), None)
        if missing is not None:
            raise InputError(f"{folder / missing}: no such file, but val_annotations.txt lists it; unpack it again")
        if not rows:
            raise InputError(f"{self._path}/val/val_annotations.txt: lists no image")
        return Files(folder, [folder / row[0] for row in rows], [label_of[row[1]] for row in rows])

    def _lines(self, name: str) -> list[str]:
        try:
            return (self._path / name).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self._path / name}: {why_unread(error)}; `path` must name the folder tiny-imagenet-200"
            ) from None
