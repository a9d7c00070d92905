"""The queue as its users meet it: in chunks, or whole, with the pairs that a rule drops."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.negatives.histogram import streamed_cuts
from moco_bench.contrast.negatives.rules import Ranks
from moco_bench.contrast.negatives.selection import Cut, Membership, cut, cut_counts

STREAM_ABOVE = 2**22
"""Pairs above which the queue is taken in chunks. Below, one matrix (16 MiB) is computed once for all passes."""

CHUNK_PAIRS = 2**18
"""Pairs of a chunk: 1 MiB of float32, which stays in a core's cache from one operation to the next."""

MINIMUM_WIDTH = 64
"""Slots of a chunk, whatever the batch: narrower products are slow."""

SAMPLE = 1024
"""Keys from which the range of an anchor's scores is judged."""


class Chunk(NamedTuple):
    """A part of the queue, seen from all anchors.

    Attributes:
        columns: the slots of the queue.
        similarity: [B, C], to be changed in place by whoever asked for it.
        dropped: [B, C], 1 where a pair is no negative, else 0; None where all are.
        blocked: [B, C], 1 where a pair is of one image (and dropped), else 0; None where no pair is.
    """

    columns: slice
    similarity: Tensor
    dropped: Tensor | None
    blocked: Tensor | None


def whole_queue(candidates: Candidates, ranks: Ranks) -> Chunk:
    """The queue as one chunk, the plain way. Its similarity carries the anchors' gradient."""
    columns = slice(0, len(candidates.queue))
    similarity = candidates.similarity(columns)
    values = similarity.detach()  # which pairs are dropped has no gradient
    scores, blocked = candidates.scores(ranks, columns, similarity=values), candidates.blocked(columns)
    membership = Membership(ranks, [cut(scores, count) for count in cut_counts(ranks, columns.stop)])
    return Chunk(columns, similarity, membership.dropped(values, scores, blocked), blocked)


@torch.no_grad()
def queue_in_chunks(candidates: Candidates, ranks: Ranks) -> Iterator[Chunk]:
    """The queue in chunks small enough for a cache, or whole where that is small. Drops the pairs of `whole_queue`."""
    size, width = len(candidates.queue), chunk_width(candidates)
    parts = [slice(start, min(start + width, size)) for start in range(0, size, width)]
    only = candidates.similarity(parts[0]) if len(parts) == 1 else None
    membership = Membership(ranks, _cuts(candidates, ranks, parts, only))
    for part in parts:
        similarity = candidates.similarity(part) if only is None else only
        scores, blocked = candidates.scores(ranks, part, similarity=similarity), candidates.blocked(part)
        yield Chunk(part, similarity, membership.dropped(similarity, scores, blocked), blocked)


def chunk_width(candidates: Candidates) -> int:
    """How many slots of the queue to take at once."""
    rows, size = len(candidates.anchor), len(candidates.queue)
    return size if rows * size <= STREAM_ABOVE else min(size, max(MINIMUM_WIDTH, CHUNK_PAIRS // rows))


def _cuts(candidates: Candidates, ranks: Ranks, parts: list[slice], only: Tensor | None) -> list[Cut]:
    size = len(candidates.queue)
    counts = cut_counts(ranks, size)
    if not counts:
        return []

    whole = slice(0, size)

    def passes() -> Iterator[Tensor]:
        return (candidates.scores(ranks, part, similarity=only) for part in parts)

    def in_full(rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        for some in torch.split(rows, max(1, CHUNK_PAIRS // size)):
            yield some, candidates.scores(ranks, whole, some)

    sample = candidates.scores(ranks, slice(0, size, max(1, size // SAMPLE)))
    return streamed_cuts(passes, counts, sample=sample, limit=max(32, size // 32), in_full=in_full)
