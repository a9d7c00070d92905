"""kNN accuracy during training, for a curve: on a part of the images, outside of step times, never used to choose."""

from collections.abc import Callable
from dataclasses import replace

from moco_bench.data.datasets import DataSet
from moco_bench.data.splits import limit_to
from moco_bench.evaluate.accuracy import knn_of
from moco_bench.evaluate.features import embed
from moco_bench.models import Encoder
from moco_bench.suite.config import EvaluateConfig

BANK, QUERIES = 2000, 500
"""Training and evaluation images, at most and balanced over the classes: it takes a fraction of a second."""


def knn_on_the_way(dataset: DataSet, config: EvaluateConfig) -> Callable[[Encoder], float] | None:
    """A function that computes an encoder's kNN accuracy in percent on backbone features; None if not asked for."""
    if config.every is None:
        return None
    classes = len(dataset.classes)
    part = replace(
        dataset,
        train=limit_to(dataset.labelled, min(len(dataset.labelled), max(BANK, classes)), "evaluate.every"),
        bank=None,
        evaluation=limit_to(dataset.evaluation, min(len(dataset.evaluation), max(QUERIES, classes)), "evaluate.every"),
    )
    settings = config.model_copy(update={"knn_k": min(config.knn_k, len(part.train))})

    def accuracy(encoder: Encoder) -> float:
        device = next(encoder.parameters()).device
        bank, queries = (
            embed(encoder, split.images, mean=part.mean, std=part.std, batch_size=config.batch_size, device=device)
            for split in (part.train, part.evaluation)
        )
        return knn_of(bank.backbone, queries.backbone, part, settings, device)

    return accuracy
