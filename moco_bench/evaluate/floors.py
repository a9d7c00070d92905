"""Baselines without learning: kNN and linear probe on raw pixels and on the randomly initialised encoder."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moco_bench.data.datasets import DataSet
from moco_bench.data.inspection import majority
from moco_bench.data.stored import Pixels, batches
from moco_bench.evaluate.accuracy import accuracy_of, knn_of, probe_of
from moco_bench.evaluate.features import embed
from moco_bench.evaluate.metrics import check_evaluation
from moco_bench.models import build_encoder
from moco_bench.suite.config import EncoderConfig, EvaluateConfig
from moco_bench.train.randomness import stream_seed

PIXELS_SIDE = 32
"""Larger images are averaged down to this side first: a probe on more pixels costs more than it is worth."""


def floors_of(
    dataset: DataSet,
    encoders: Sequence[EncoderConfig],
    seeds: Sequence[int],
    config: EvaluateConfig,
    device: torch.device | str,
    tell: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """The floors of a data set, accuracies in percent, with the settings of the runs.

    A random encoder is the one that the run of that seed begins with. `tell` is told each floor as it begins.

    Returns:
        Plain JSON: `pixels`, `random_encoder` by the encoder's title and the seed, and `largest_class`: its name, and
        what always saying it is right for.

    Raises:
        InputError: as `check_evaluation` does.
    """
    check_evaluation(dataset, config)
    tell("raw pixels")
    pixels = pixel_floor(dataset, config, device=device)
    random_encoder: dict[str, dict[str, dict[str, float]]] = {}
    for encoder in encoders:
        of_seeds = random_encoder[encoder.title] = {}
        for seed in seeds:
            tell(f"untrained {encoder.title}, seed {seed}")
            of_seeds[str(seed)] = random_encoder_floor(dataset, encoder, config, seed=seed, device=device)
    name, top1 = majority(dataset)
    return {"pixels": pixels, "random_encoder": random_encoder, "largest_class": {"name": name, "top1": top1}}


def pixel_floor(dataset: DataSet, config: EvaluateConfig, *, device: torch.device | str) -> dict[str, float]:
    """Weighted kNN and probe on pixels less the mean training image; uncentred, their cosine is mostly brightness."""
    train, evaluation = _pixels(dataset.labelled.images), _pixels(dataset.evaluation.images)
    mean = train.mean(dim=0)
    train -= mean
    evaluation -= mean
    return {
        "knn_top1": knn_of(train, evaluation, dataset, config, device),
        "linear_top1": probe_of(train, evaluation, dataset, config, device).top1,
    }


def random_encoder_floor(
    dataset: DataSet, encoder_config: EncoderConfig, config: EvaluateConfig, *, seed: int, device: torch.device | str
) -> dict[str, float]:
    """Weighted kNN and probe on an encoder that has not been trained."""
    _, channels, *sides = dataset.labelled.images.shape
    encoder = build_encoder(
        encoder_config, channels=channels, image_size=min(sides), seed=stream_seed(seed, "initialisation")
    )
    train, evaluation = (
        embed(encoder, split.images, mean=dataset.mean, std=dataset.std, batch_size=config.batch_size, device=device)
        for split in (dataset.labelled, dataset.evaluation)
    )
    accuracy = accuracy_of(train, evaluation, dataset, config, device)
    return {name: accuracy[name] for name in ("knn_top1", "knn_top1_projection", "linear_top1")}


def _pixels(images: Pixels) -> Tensor:
    """Pixels as float32 [N, C * H * W] in [0, 1]."""
    height, width = images.shape[-2:]
    size = (min(height, PIXELS_SIDE), min(width, PIXELS_SIDE))
    parts = (batch.float().div_(255) for batch in batches(images, 1024))
    if size != (height, width):
        parts = (functional.adaptive_avg_pool2d(part, size) for part in parts)
    return torch.cat(list(parts)).flatten(1)
