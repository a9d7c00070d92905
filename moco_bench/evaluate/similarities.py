"""How similar views are: of one image, of two images of one class, and of images of different classes."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

BINS = 100
"""Number of bins of a histogram from -1 to 1."""


def alignment(first: Tensor, second: Tensor) -> float:
    """Mean squared distance of positive pairs on the unit sphere; 0 is perfect (Wang & Isola 2005.10242, alpha = 2).

    Args:
        first: Embeddings [N, D] of one view of each image; rows need not be normalised.
        second: Of the other view, [N, D].
    """
    return float((_unit(first) - _unit(second)).square().sum(dim=1).mean())


def similarity_histograms(first: Tensor, second: Tensor, labels: Tensor) -> dict[str, Any]:
    """Count pairs of a first and a second view by their cosine similarity.

    The pairs are those of training, first view against second, so that the three histograms can be held against each
    other: `positive` pairs are of one image; the others, of two images, are what a query meets in the queue, and
    `same_class` are the false negatives among them. Labels are for diagnosis alone.

    `first` and `second` [N, D] are embeddings of one view and of the other of each image; rows need not be normalised.
    `labels`: int64 [N].

    Returns:
        Histograms: `edges` [n + 1], and `counts` [n] of each kind of pair: N positives, N (N - 1) pairs in the other
        two.
    """
    similarity = _unit(first) @ _unit(second).T
    one_image = torch.eye(len(labels), dtype=torch.bool)
    one_class = labels.cpu()[:, None] == labels.cpu()
    kinds = {"positive": one_image, "same_class": one_class & ~one_image, "other_class": ~one_class}
    # The dot product of unit rows can exceed 1 in its last bit.
    places = ((similarity + 1) * (BINS / 2)).long().clamp_(0, BINS - 1)
    return {
        "edges": [round(2 * edge / BINS - 1, 10) for edge in range(BINS + 1)],
        "counts": {kind: torch.bincount(places[pairs], minlength=BINS).tolist() for kind, pairs in kinds.items()},
    }


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows.double(), dim=1)
