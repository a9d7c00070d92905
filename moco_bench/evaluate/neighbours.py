"""A few evaluation images and their nearest training images: what the encoder considers similar."""

from typing import Any

import torch
from torch import Tensor

from moco_bench.evaluate.knn import nearest

SHOWN = 8
"""Neighbours listed for each image."""


def nearest_neighbours(
    bank: Tensor, bank_labels: Tensor, features: Tensor, labels: Tensor, *, queries: int, shown: int = SHOWN
) -> dict[str, list[Any]]:
    """The `shown` training images nearest by cosine similarity to each of a few evaluation images, `queries` of them.

    `bank` [N, F] are features of the training images, `features` [Q, F] those of the evaluation images, labels int64.
    Fewer of either where there are fewer.

    Returns:
        Indices into the evaluation split (`queries`) and into the training split (`neighbours`, nearest first), with
        the labels of both.
    """
    chosen = spread_over_classes(labels, queries)
    found = [indices for _, indices in nearest(bank, features[chosen.to(features.device)], min(shown, len(bank)))]
    indices = torch.cat(found).cpu() if found else torch.empty(0, shown, dtype=torch.int64)
    return {
        "queries": chosen.tolist(),
        "query_labels": labels.cpu()[chosen].tolist(),
        "neighbours": indices.tolist(),
        "neighbour_labels": bank_labels.cpu()[indices].tolist(),
    }


def spread_over_classes(labels: Tensor, count: int) -> Tensor:
    """Indices of the first image of each class in turn, then of the second, until there are `count`."""
    labels = labels.cpu()
    rank = torch.zeros_like(labels)
    for label in torch.unique(labels):
        members = labels == label
        rank[members] = torch.arange(int(members.sum()))
    return torch.argsort(rank * (int(labels.max()) + 1) + labels)[:count]
