"""Accuracy of weighted kNN and of the linear probe on embeddings."""

from typing import Any

import torch
from torch import Tensor

from moco_bench.data.datasets import DataSet
from moco_bench.evaluate.features import Embeddings
from moco_bench.evaluate.held_out import held_out
from moco_bench.evaluate.knn import knn_predict, percent_correct
from moco_bench.evaluate.outcomes import packed_outcomes
from moco_bench.evaluate.probe import ProbeResult, linear_probe
from moco_bench.suite.config import EvaluateConfig


def accuracy_of(
    train: Embeddings, evaluation: Embeddings, dataset: DataSet, config: EvaluateConfig, device: torch.device | str
) -> dict[str, Any]:
    """Weighted kNN on features and on projections, linear probe on features.

    `train` are embeddings of the training images without augmentation: the bank, and what the probe learns from.

    Returns:
        Accuracies in percent on the evaluation split by metric, which images were right (`images`, as of
        `packed_outcomes`), and the probe's C with its accuracy on the held-out part of the training split.

    Raises:
        InputError: more neighbours are asked for than there are training images.
    """
    probe = probe_of(train.backbone, evaluation.backbone, dataset, config, device)
    labels = dataset.evaluation.labels
    predicted = {
        "knn_top1": neighbours_say(train.backbone, evaluation.backbone, dataset, config, device),
        "knn_top1_projection": neighbours_say(train.projection, evaluation.projection, dataset, config, device),
        "linear_top1": probe.predicted,
    }
    return {
        **{name: percent_correct(found, labels) for name, found in predicted.items()},
        "images": packed_outcomes(predicted, labels, len(dataset.classes)),
        "linear_c": probe.c,
        "linear_holdout_top1": probe.holdout_top1,
    }


def knn_of(
    bank: Tensor, queries: Tensor, dataset: DataSet, config: EvaluateConfig, device: torch.device | str
) -> float:
    """`knn_top1` with a data set's labels and a suite's settings, for any embeddings."""
    return percent_correct(neighbours_say(bank, queries, dataset, config, device), dataset.evaluation.labels)


def neighbours_say(
    bank: Tensor, queries: Tensor, dataset: DataSet, config: EvaluateConfig, device: torch.device | str
) -> Tensor:
    """The class that weighted kNN predicts for each query, int64 [Q], by a data set's labels and a suite's settings."""
    return knn_predict(
        bank.to(device),
        dataset.labelled.labels,
        queries.to(device),
        k=config.knn_k,
        temperature=config.knn_temperature,
        class_count=len(dataset.classes),
    )


def probe_of(
    train: Tensor, evaluation: Tensor, dataset: DataSet, config: EvaluateConfig, device: torch.device | str
) -> ProbeResult:
    """`linear_probe` with a data set's labels and a suite's settings."""
    return linear_probe(
        train.to(device),
        dataset.labelled.labels.to(device),
        evaluation.to(device),
        dataset.evaluation.labels.to(device),
        config.probe,
        class_count=len(dataset.classes),
        held=held_out(dataset.labelled.images, dataset.labelled.labels, config.probe.holdout),
    )
