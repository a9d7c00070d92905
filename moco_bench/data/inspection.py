"""Checks of a data set before anything is trained on it: counts, and whatever is odd.

Nothing here changes a number. Odd is what makes images fewer or other than they look, or an accuracy mean something
else than one thinks.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch

from moco_bench.components.datasets.image_files import HIDDEN
from moco_bench.data.datasets import DataSet, level_counts
from moco_bench.data.splits import Split
from moco_bench.data.stored import Pixels, pieces

FEW_LEVELS = 16
"""8-bit images with fewer than this many of the 256 levels in all are probably not as intended."""

FLAT_RANGE = 1
"""An image whose levels differ by at most this much shows nothing, such as masks with values 0 and 1."""

UNLABELLED = -1
"""The label of an image that has none."""

UNEQUAL = 2.0
"""Classes count as unequal in size if the largest has this many times the images of the smallest."""


@dataclass(frozen=True)
class Repeats:
    """Images that occur more than once, byte for byte."""

    within_train: int  # training images that an earlier one equals
    evaluation_in_train: int  # evaluation images that a training image equals
    labelled_differently: int  # images of another class than an equal one before


def describe(dataset: DataSet) -> dict[str, Any]:
    """What `prepare` records of a data set beyond its manifest: plain JSON, `warnings` among it."""
    splits = {"train": dataset.train, "evaluation": dataset.evaluation}
    with_labels = {**splits, "train": dataset.labelled}
    sizes = {name: class_sizes(split, len(dataset.classes)) for name, split in with_labels.items()}
    repeats = repeats_of(dataset)
    flat = {name: flat_images(split.images) for name, split in splits.items()}
    ranges = {name: level_range(split.images) for name, split in splits.items()}
    largest, share = majority(dataset)
    named = {"training": dataset.train, dataset.evaluated_on: dataset.evaluation}
    return {
        "images_by_class": sizes,
        "largest_class": {"name": largest, "percent_of_evaluation": share},
        "range": {name: list(found) for name, found in ranges.items()},
        "read_sides": {name: _sides(split) for name, split in splits.items()},
        "passed_over": _told(splits, "passed_over"),
        "changed": _told(splits, "changed"),
        "flat_images": flat,
        "repeats": asdict(repeats),
        "warnings": [
            *_about_files(named),
            *_about_pixels(named, flat, ranges),
            *_about_repeats(dataset, repeats),
            *_about_classes(dataset),
        ],
    }


def class_sizes(split: Split, class_count: int) -> list[int]:
    """Images of each class."""
    sizes: list[int] = torch.bincount(split.labels, minlength=class_count).tolist()
    return sizes


def majority(dataset: DataSet) -> tuple[str, float]:
    """The most frequent class of the evaluation images, and the accuracy in percent of always predicting it."""
    sizes = class_sizes(dataset.evaluation, len(dataset.classes))
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    return dataset.classes[largest], 100 * sizes[largest] / len(dataset.evaluation)


def level_range(images: Pixels) -> tuple[int, int]:
    """The lowest and the highest level of uint8 images [N, C, H, W]."""
    present = level_counts(images).sum(dim=0).nonzero()
    return int(present[0]), int(present[-1])


def flat_images(images: Pixels) -> int:
    """Number of uint8 images [N, C, H, W] that show nothing: no channel has more than two neighbouring levels."""
    return sum(
        int(((part.amax(dim=(2, 3)) - part.amin(dim=(2, 3))) <= FLAT_RANGE).all(dim=1).sum()) for part in pieces(images)
    )


def repeats_of(dataset: DataSet) -> Repeats:
    """Count repeated images, as they are after reading and resizing."""
    seen: dict[bytes, int] = {}
    within = twice = differently = 0
    for digest, label in _digests(dataset.train):
        within += digest in seen
        differently += seen.setdefault(digest, label) != label
    for digest, label in _digests(dataset.evaluation):
        twice += digest in seen
        differently += seen.get(digest, label) not in (label, UNLABELLED)
    return Repeats(within, twice, differently)


def _digests(split: Split) -> Iterator[tuple[bytes, int]]:
    images = (image for part in pieces(split.images) for image in part)
    for image, label in zip(images, split.labels.tolist(), strict=True):
        yield hashlib.blake2b(image.contiguous().numpy().tobytes(), digest_size=16).digest(), label


def _sides(split: Split) -> dict[str, list[int]]:
    height, width = split.images.shape[2:]
    smallest, largest = split.origin.sides or ((height, width), (height, width))
    return {"smallest": list(smallest), "largest": list(largest)}


def _told(splits: dict[str, Split], kind: str) -> list[dict[str, Any]]:
    """The remarks on the files of both splits; remarks on files that the splits share appear once."""
    told = dict.fromkeys(remark for split in splits.values() for remark in getattr(split.origin, kind))
    return [asdict(remark) for remark in told]


def _about_files(splits: dict[str, Split]) -> Iterator[str]:
    origins = [split.origin for split in splits.values()]
    for remark in dict.fromkeys(remark for origin in origins for remark in origin.passed_over):
        if remark.what != HIDDEN:
            yield f"passed over, not read: {remark.count} {remark.what} (the first is {remark.first})"
    for remark in dict.fromkeys(remark for origin in origins for remark in origin.changed):
        yield f"{remark.count} image{'s' * (remark.count != 1)} {remark.what} (the first is {remark.first})"


def _about_pixels(splits: dict[str, Split], flat: dict[str, int], ranges: dict[str, tuple[int, int]]) -> Iterator[str]:
    for (what, split), count, (lowest, highest) in zip(splits.items(), flat.values(), ranges.values(), strict=True):
        levels = int((level_counts(split.images).sum(dim=0) > 0).sum())
        if levels < FEW_LEVELS:
            advice = "; masks or labels, or values that were to be multiplied by 255?" if highest < FEW_LEVELS else ""
            yield f"{what} images have only {levels} levels, from {lowest} to {highest} of 0 to 255{advice}"
        if count:
            yield f"{count} of {len(split)} {what} images are of one even colour"


def _about_repeats(dataset: DataSet, repeats: Repeats) -> Iterator[str]:
    if repeats.evaluation_in_train:
        yield (
            f"{repeats.evaluation_in_train} of {len(dataset.evaluation)} {dataset.evaluated_on} images are training "
            "images, byte for byte: accuracy on them is memory"
        )
    if repeats.labelled_differently:
        yield f"{repeats.labelled_differently} of the images equal one of another class"


def _about_classes(dataset: DataSet) -> Iterator[str]:
    count = len(dataset.classes)
    for what, split in (("training", dataset.labelled), (dataset.evaluated_on, dataset.evaluation)):
        sizes = class_sizes(split, count)
        missing = [name for name, size in zip(dataset.classes, sizes, strict=True) if size == 0]
        if missing:
            some = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            yield f"{len(missing)} of {count} classes have no {what} image: {some}"
        present = [size for size in sizes if size]
        if max(present) >= UNEQUAL * min(present):
            said = f"classes are of unequal size: {min(present)} to {max(present)} {what} images"
            if split is dataset.evaluation:
                largest, share = majority(dataset)
                said += f"; always saying the largest class ({largest}) is right for {share:.1f} %"
            yield said
