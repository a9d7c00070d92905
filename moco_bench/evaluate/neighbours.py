"""A few evaluation images and their nearest training images: what the encoder considers similar."""

from typing import TypedDict

import torch
from torch import Tensor

from moco_bench.evaluate.knn import nearest

SHOWN = 8
"""Neighbours listed for each image."""


class Neighbours(TypedDict):
    """Indices into the evaluation split and into the training split, nearest first, with the labels of both."""

    queries: list[int]
    query_labels: list[int]
    neighbours: list[list[int]]
    neighbour_labels: list[list[int]]


def nearest_neighbours(
    bank: Tensor, bank_labels: Tensor, features: Tensor, labels: Tensor, *, queries: int, shown: int = SHOWN
) -> Neighbours:
    """The training images nearest by cosine similarity to a few evaluation images.

    Args:
        bank: Features of the training images, [N, F].
        bank_labels: int64 [N].
        features: Of the evaluation images, [Q, F].
        labels: int64 [Q].
        queries: How many evaluation images; fewer where there are fewer.
        shown: Neighbours of each; fewer where the bank is smaller.
    """
    chosen = spread_over_classes(labels, queries)
    found = [indices for _, indices in nearest(bank, features[chosen.to(features.device)], min(shown, len(bank)))]
    indices = torch.cat(found).cpu() if found else torch.empty(0, shown, dtype=torch.int64)
    return Neighbours(
        queries=chosen.tolist(),
        query_labels=labels.cpu()[chosen].tolist(),
        neighbours=indices.tolist(),
        neighbour_labels=bank_labels.cpu()[indices].tolist(),
    )


def spread_over_classes(labels: Tensor, count: int) -> Tensor:
    """Indices of the first image of each class in turn, then of the second, until there are `count`."""
    labels = labels.cpu()
    rank = torch.zeros_like(labels)
    for label in torch.unique(labels):
        members = labels == label
        rank[members] = torch.arange(int(members.sum()))
    return torch.argsort(rank * (int(labels.max()) + 1) + labels)[:count]
