"""Weighted k-nearest-neighbour classification by cosine similarity (Wu et al. 1805.01978, section 3.4)."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from moco_bench.errors import InputError

CHUNK_ELEMENTS = 2**23
"""Similarities held at once: 32 MiB, whatever the sizes of bank and queries."""


def nearest(bank: Tensor, queries: Tensor, k: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The k most similar rows of the bank for each query, chunk by chunk of queries, most similar first.

    Where several rows tie for the last places, those with the lowest index get them, so that the outcome depends on
    neither the library's sorting nor the number of threads. Rows of `bank` [N, F] and `queries` [Q, F] need not be
    normalised.

    Yields:
        Cosine similarities [C, k] float32 and indices [C, k] int64 of the next C queries.

    Raises:
        InputError: k is more than the bank has.
    """
    if k > len(bank):
        raise InputError(f"{k} neighbours were asked for, but there are {len(bank)} training images: lower knn_k")
    bank = functional.normalize(bank.float(), dim=1)
    for chunk in torch.split(queries, max(1, CHUNK_ELEMENTS // len(bank))):
        yield _top(functional.normalize(chunk.float(), dim=1) @ bank.T, k)


def knn_predict(
    bank: Tensor, bank_labels: Tensor, queries: Tensor, *, k: int, temperature: float, class_count: int
) -> Tensor:
    """The class of each query [Q] int64: neighbours vote with weight exp(similarity / temperature).

    Equal votes go to the lowest class. `bank` [N, F] are features of the training images, with labels int64 [N],
    `queries` [Q, F] those of the evaluation images. Raises `InputError` if k is more than N.
    """
    predictions = []
    for similarities, indices in nearest(bank, queries, k):
        # Relative to the nearest neighbour, which changes no ratio: a small temperature doesn't overflow.
        weights = torch.exp((similarities - similarities[:, :1]).double() / temperature).cpu()
        votes = torch.zeros(len(weights), class_count, dtype=torch.float64)
        votes.scatter_add_(1, bank_labels.cpu()[indices.cpu()], weights)
        predictions.append(votes.argmax(dim=1))
    return torch.cat(predictions)


def percent_correct(predicted: Tensor, labels: Tensor) -> float:
    """Percent of [Q] predictions that equal their labels."""
    return 100.0 * int((predicted == labels.to(predicted.device)).sum()) / len(labels)


def _top(similarities: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Values and columns of the k largest of each row, in descending order; ties by the lowest column."""
    # One more than wanted: which columns belong is in doubt only where ranks k and k + 1 are equal.
    values, columns = similarities.topk(min(k + 1, similarities.shape[1]), dim=1)
    last = values[:, k - 1]
    in_doubt = (values[:, k:] == last[:, None]).any(dim=1)
    for row in in_doubt.nonzero().flatten().tolist():
        above = columns[row, :k][values[row, :k] > last[row]]
        equal = (similarities[row] == last[row]).nonzero().flatten()
        columns[row, :k] = torch.cat([above, equal[: k - len(above)]])
    columns = columns[:, :k].sort(dim=1).values
    values, order = similarities.gather(1, columns).sort(dim=1, descending=True, stable=True)
    return values, columns.gather(1, order)
