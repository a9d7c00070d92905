"""Loads the data set that a suite asks for, or raises an error; it never takes another one instead."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moco_bench.data.resize import to_square
from moco_bench.data.sources import source_of
from moco_bench.data.splits import Split, hold_out, limit_to, limit_unlabelled
from moco_bench.data.stored import Pixels, pieces
from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.suite.config import DatasetConfig


@dataclass(frozen=True)
class DataSet:
    """Images to train on and images to evaluate on."""

    name: str
    classes: tuple[str, ...]
    train: Split
    evaluation: Split
    evaluated_on: str  # "test", or "validation": the held-out part of the training split
    mean: tuple[float, ...]  # per channel, of the training images in [0, 1]
    std: tuple[float, ...]  # likewise
    sha256: str  # of all splits' images and labels, their shapes and the names of the classes
    bank: Split | None = None  # the labelled training images, where those to train on have no labels

    @property
    def labelled(self) -> Split:
        """The training images with labels, with which evaluation compares."""
        return self.train if self.bank is None else self.bank


def load_dataset(config: DatasetConfig) -> DataSet:
    """Read the data set that `config` asks for, whole, into memory.

    With `validation`, that part of the training split is held out (stratified, the same images for every seed) and
    evaluated on; the test split is then never read. `train_limit` and `test_limit` apply to what is left to train and
    to evaluate on.

    Raises:
        InputError: a file is missing, damaged or not what it should be, or the request can't be met.
    """
    source = source_of(config.source, config.image_size, tests=config.validation == 0)
    labelled = _square(source.train(), config)
    if config.validation > 0:
        labelled, evaluation = hold_out(labelled, config.validation)
    else:
        evaluation = _square(source.test(), config)
    if source.unlabelled is None:
        train, bank = limit_to(labelled, config.train_limit, "train_limit"), None
    else:
        train, bank = limit_unlabelled(_square(source.unlabelled(), config), config.train_limit), labelled
    if evaluation.images.shape[1:] != train.images.shape[1:]:
        raise InputError(
            f"{config.title}: training images are {_shape(train)}, test images {_shape(evaluation)} (channels, "
            "height, width); they must agree, `image_size` resizes both"
        )
    evaluation = limit_to(evaluation, config.test_limit, "test_limit")
    mean, std = _normalisation(config, train)
    return DataSet(
        name=config.name,
        classes=source.classes,
        train=train,
        evaluation=evaluation,
        evaluated_on="validation" if config.validation > 0 else "test",
        mean=mean,
        std=std,
        sha256=_content_hash(source.classes, train, evaluation, *([] if bank is None else [bank])),
        bank=bank,
    )


def with_normalisation(dataset: DataSet, mean: Sequence[float], std: Sequence[float]) -> DataSet:
    """The same images, for an encoder that was trained with another mean and deviation per channel."""
    return replace(dataset, mean=tuple(mean), std=tuple(std))


def load_described(config: DatasetConfig, manifest: Path) -> DataSet:
    """Load a data set; if the file `manifest` describes it, its images have to be unchanged.

    Without this, runs on images that changed while a suite was at work would be compared with those before.

    Raises:
        InputError: the images have changed, or as `load_dataset` does.
    """
    dataset = load_dataset(config)
    if manifest.exists() and read_mapping(manifest).get("sha256") != dataset.sha256:
        raise InputError(
            f"{config.title}: its images are not those that {manifest} describes; put them back, or run "
            "`moco-bench prepare` again: then every run of this data set is trained on the new images"
        )
    return dataset


def manifest_of(dataset: DataSet) -> dict[str, Any]:
    """The record of a data set: plain JSON."""
    return {
        "name": dataset.name,
        "sha256": dataset.sha256,
        "classes": list(dataset.classes),
        "train_images": len(dataset.train),
        "evaluation_images": len(dataset.evaluation),
        "evaluated_on": dataset.evaluated_on,
        "image_shape": list(dataset.train.images.shape[1:]),
        "mean": list(dataset.mean),
        "std": list(dataset.std),
        **({} if dataset.bank is None else {"labelled_images": len(dataset.bank)}),
    }


def _normalisation(config: DatasetConfig, train: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation per channel: those that the suite gives, else those of the training images."""
    given, channels = config.normalise, train.images.shape[1]
    if given is None:
        return channel_statistics(train.images)
    if len(given.mean) != channels:
        raise InputError(
            f"{config.title}: `normalise` is for {len(given.mean)} channels, the images have {channels}; give one mean "
            "and one std per channel"
        )
    return given.mean, given.std


def channel_statistics(images: Pixels) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (population) per channel of uint8 images [N, C, H, W], in units of [0, 1].

    Taken from the histogram of the 256 levels, so that the sums are exact and the order of images plays no part. The
    deviation of a constant channel is given as 1: there is nothing to scale.
    """
    levels = torch.arange(256, dtype=torch.float64) / 255
    means, deviations = [], []
    for counts in level_counts(images):
        weights = counts.double() / counts.sum()
        mean = float((weights * levels).sum())
        deviation = float((weights * (levels - mean) ** 2).sum().sqrt())
        means.append(mean)
        deviations.append(deviation if (weights > 0).sum() > 1 else 1.0)
    return tuple(means), tuple(deviations)


def level_counts(images: Pixels) -> Tensor:
    """How often each of the 256 levels occurs in each channel of uint8 images [N, C, H, W]: int64 [C, 256]."""
    counts = torch.zeros(images.shape[1], 256, dtype=torch.int64)
    for part in pieces(images):
        counts += torch.stack([torch.bincount(channel.reshape(-1), minlength=256) for channel in part.unbind(1)])
    return counts


def _square(split: Split, config: DatasetConfig) -> Split:
    """The split with images of `image_size`, or as they are where that isn't given and they are square."""
    if config.image_size is not None and split.images.shape[2:] != (config.image_size, config.image_size):
        assert isinstance(split.images, Tensor)  # a folder's images have their size when they are stored
        return replace(split, images=to_square(split.images, config.image_size))
    if split.images.shape[2] != split.images.shape[3]:
        raise InputError(
            f"{config.title}: images are {_shape(split)} (channels, height, width), not square; "
            "give `image_size` to cut and resize them"
        )
    return split


def _shape(split: Split) -> str:
    return "x".join(str(length) for length in split.images.shape[1:])


def _content_hash(classes: tuple[str, ...], *splits: Split) -> str:
    hasher = hashlib.sha256(json.dumps(classes).encode())
    for split in splits:
        for values in (split.images, split.labels):
            hasher.update(json.dumps([str(values.dtype), *values.shape]).encode())
            for part in pieces(values):  # images that lie on disk may be more than memory holds
                hasher.update(part.contiguous().numpy().reshape(-1).data)
    return hasher.hexdigest()
