"""Cosine similarity between views of one image, images of one class, and images of different classes."""

from typing import TypedDict

import torch
from torch import Tensor
from torch.nn import functional

BINS = 100
"""Number of bins of a histogram from -1 to 1."""


class Similarities(TypedDict):
    """Histograms of cosine similarity: `edges` [n + 1], and `counts` [n] of each kind of pair."""

    edges: list[float]
    counts: dict[str, list[int]]


def similarity_histograms(first: Tensor, second: Tensor, labels: Tensor) -> Similarities:
    """Count pairs of a first and a second view by their cosine similarity.

    The pairs are those of training, first view against second, so that the three histograms can be held against each
    other: `positive` pairs are of one image; the others, of two images, are what a query meets in the queue, and
    `same_class` are the false negatives among them. Labels are for diagnosis alone.

    Args:
        first: Embeddings [N, D] of one view of each image; rows need not be normalised.
        second: Of the other view, [N, D].
        labels: int64 [N].

    Returns:
        N positives, and N (N - 1) pairs in the other two.
    """
    similarity = functional.normalize(first.double(), dim=1) @ functional.normalize(second.double(), dim=1).T
    one_image = torch.eye(len(labels), dtype=torch.bool)
    one_class = labels.cpu()[:, None] == labels.cpu()
    kinds = {"positive": one_image, "same_class": one_class & ~one_image, "other_class": ~one_class}
    # The dot product of unit rows can exceed 1 in its last bit.
    places = ((similarity + 1) * (BINS / 2)).long().clamp_(0, BINS - 1)
    return Similarities(
        edges=[round(2 * edge / BINS - 1, 10) for edge in range(BINS + 1)],
        counts={kind: torch.bincount(places[pairs], minlength=BINS).tolist() for kind, pairs in kinds.items()},
    )
