"""All metrics of one encoder: the content of `metrics.json` except its fingerprint."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moco_bench.components.augmentations import Augmentation
from moco_bench.components.metrics import EffectiveRank, Embedded, Evaluation, Metric, Uniformity
from moco_bench.data.datasets import DataSet
from moco_bench.data.drawing import views_of
from moco_bench.data.splits import limit_to
from moco_bench.data.stored import Pixels, in_memory
from moco_bench.errors import InputError, RunFailed, one_line
from moco_bench.evaluate.accuracy import accuracy_of, neighbours_say
from moco_bench.evaluate.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from moco_bench.evaluate.features import Embeddings, embed, embed_prepared, frozen_copy
from moco_bench.evaluate.knn import percent_correct
from moco_bench.evaluate.neighbours import nearest_neighbours
from moco_bench.evaluate.outcomes import packed_counts
from moco_bench.evaluate.similarities import alignment, similarity_histograms
from moco_bench.models import Encoder
from moco_bench.suite.config import EvaluateConfig
from moco_bench.train.precision import compute_float32_exactly
from moco_bench.train.randomness import stream

VIEWED_IMAGES = 1000
"""Evaluation images, balanced over the classes, of which two views are drawn."""

OF_PROJECTIONS = ("knn_top1_projection", "alignment", "uniformity", "effective_rank", "similarities")
"""Metrics that are None for an encoder without a projection head."""

CORRUPTION_SEED = 0
"""Seed of the corrupted test set, not the run's, so that all runs are evaluated on the same images."""


def evaluate_encoder(
    encoder: Encoder,
    dataset: DataSet,
    config: EvaluateConfig,
    *,
    augment: Augmentation,
    seed: int,
    device: torch.device | str,
    tell: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """Evaluate a query encoder as it is after its last epoch; equal arguments give equal bits.

    The bank of kNN and the probe's examples are the training images without augmentation. Alignment, uniformity,
    effective rank and similarities are of the projections of the evaluation images, since that is where the loss acts;
    accuracies are of the backbone's features unless a name says otherwise.

    Labels of the training split reach the kNN's bank and the probe only. `augment` draws the two views whose alignment
    and similarities are measured, with the run's `seed`. `tell` is told each part of the work as it begins.

    Returns:
        Plain JSON. `corruptions` is empty and `knn_top1_corrupted` None where the settings leave them out;
        `uniformity` is None for a single evaluation image.

    Raises:
        InputError: as `check_evaluation` does, or a plug-in's metric gives something other than a finite number.
        RunFailed: embeddings are not finite.
    """
    check_evaluation(dataset, config)
    compute_float32_exactly()
    encoder = frozen_copy(encoder, torch.device(device))  # once, for all that follows
    tell(f"embeds {len(dataset.labelled)} + {len(dataset.evaluation)} images")
    train = _embed(encoder, dataset.labelled.images, dataset, config, device)
    evaluation = _embed(encoder, dataset.evaluation.images, dataset, config, device)
    for embeddings in (train, evaluation):
        if not (embeddings.backbone.isfinite().all() and embeddings.projection.isfinite().all()):
            raise RunFailed("the encoder's embeddings aren't finite")
    viewed = limit_to(
        dataset.evaluation, min(len(dataset.evaluation), max(VIEWED_IMAGES, len(dataset.classes))), "two views"
    )
    views = views_of(augment, dataset.mean, dataset.std)
    draws = [partial(views.one, generator=stream(seed, "alignment", view)) for view in (0, 1)]
    first, second = (
        embed_prepared(encoder, viewed.images, draw, batch_size=config.batch_size, device=device).projection
        for draw in draws
    )
    corruptions, images = (
        _corrupted(encoder, train.backbone, dataset, config, device, tell) if config.corruptions else ({}, {})
    )
    under_corruption = [top1 for strengths in corruptions.values() for top1 in strengths.values()]
    tell("kNN and linear probe")
    accuracy = accuracy_of(train, evaluation, dataset, config, device)
    found = {
        "evaluated_on": dataset.evaluated_on,
        **accuracy,
        "images": {**accuracy["images"], **images},
        "alignment": alignment(first, second),
        **measured((Uniformity(), EffectiveRank(), *config.metrics), train, evaluation, dataset, config, seed),
        "similarities": similarity_histograms(first, second, viewed.labels),
        "corruptions": corruptions,
        "knn_top1_corrupted": math.fsum(under_corruption) / len(under_corruption) if under_corruption else None,
        "neighbours": nearest_neighbours(
            train.backbone,
            dataset.labelled.labels,
            evaluation.backbone,
            dataset.evaluation.labels,
            queries=config.neighbours,
        ),
    }
    return found if encoder.has_head else {**found, **dict.fromkeys(OF_PROJECTIONS)}


def measured(
    metrics: Iterable[Metric],
    bank: Embeddings,
    test: Embeddings,
    dataset: DataSet,
    config: EvaluateConfig,
    seed: int,
) -> dict[str, float | None]:
    """Each metric's value, by its column.

    Raises:
        InputError: one isn't a finite number.
    """
    evaluation = Evaluation(
        bank=Embedded(bank.backbone, bank.projection, dataset.labelled.labels),
        test=Embedded(test.backbone, test.projection, dataset.evaluation.labels),
        classes=len(dataset.classes),
        settings=config.model_dump(),
        generator=lambda name: stream(seed, name),
    )
    found = {}
    for metric in metrics:
        before = _content(evaluation)
        found[metric.column()] = as_number(metric, metric.compute(evaluation))
        if _content(evaluation) != before:
            raise InputError(f"metric {metric.column()}: `compute` writes into what it is given; work on a copy")
    return found


def _content(evaluation: Evaluation) -> list[float]:
    """Sums of embeddings and labels, which change if a metric writes to them."""
    splits = (evaluation.bank, evaluation.test)
    tensors = [tensor for split in splits for tensor in (split.features, split.projections, split.labels)]
    return [float(tensor.sum(dtype=torch.float64)) for tensor in tensors]


def as_number(metric: Metric, value: object) -> float | None:
    """A metric's result as a plain number, from Python's or NumPy's number or a tensor without dimensions."""
    if value is None:
        return None
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not (isinstance(value, Real) and math.isfinite(value)):
        given = one_line(repr(value))[:100]
        raise InputError(f"metric {metric.column()}: `compute` gave {given}; a finite number or None would be right")
    return float(value)


def check_evaluation(dataset: DataSet, config: EvaluateConfig) -> None:
    """Refuse settings that don't fit these images, before hours of training.

    Raises:
        InputError: more neighbours than training images, fewer corrupted images than classes, or no class of which the
            linear probe can hold out an image.
    """
    train, evaluation = dataset.labelled.labels, dataset.evaluation.labels
    if config.knn_k > len(train):
        raise InputError(
            f"evaluate.knn_k is {config.knn_k}, but {dataset.name} has {len(train)} training images: "
            "choose at most as many"
        )
    classes = len(torch.unique(evaluation))
    if config.corruptions and config.corruption_images < classes:
        raise InputError(
            f"evaluate.corruption_images is {config.corruption_images}, but {dataset.name} has {classes} classes: "
            "choose at least as many, or `corruptions: false`"
        )
    if int(torch.bincount(train).max()) < 2:
        raise InputError(
            f"{dataset.name}: no class has two training images, so the linear probe can hold none out; "
            "give it more images"
        )


def _embed(
    encoder: Encoder, images: Pixels, dataset: DataSet, config: EvaluateConfig, device: torch.device | str
) -> Embeddings:
    return embed(encoder, images, mean=dataset.mean, std=dataset.std, batch_size=config.batch_size, device=device)


def _corrupted(
    encoder: Encoder,
    bank: Tensor,
    dataset: DataSet,
    config: EvaluateConfig,
    device: torch.device | str,
    tell: Callable[[str], None],
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Accuracy of kNN by kind and strength, with a clean bank; and how often each image was right, for `images`."""
    if len(dataset.evaluation) > config.corruption_images:
        asked = limit_to(dataset.evaluation, config.corruption_images, "evaluate.corruption_images")
        dataset = replace(dataset, evaluation=asked)
    images, labels = in_memory(dataset.evaluation.images), dataset.evaluation.labels
    top1: dict[str, dict[str, float]] = {kind: {} for kind in CORRUPTIONS}
    right = torch.zeros(len(labels), dtype=torch.uint8)
    for kind in CORRUPTIONS:
        tell(f"kNN under {kind}")
        for strength in STRENGTHS:
            changed = corrupt(images, kind, strength, stream(CORRUPTION_SEED, f"corruption {kind}", strength))
            queries = _embed(encoder, changed, dataset, config, device).backbone
            found = neighbours_say(bank, queries, dataset, config, device).cpu()
            top1[kind][str(strength)] = percent_correct(found, labels)
            right += found == labels.cpu()
    return top1, {"counts": {"knn_top1_corrupted": packed_counts(right, len(CORRUPTIONS) * len(STRENGTHS))}}
