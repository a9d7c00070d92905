"""The pairs of anchors and keys, of which a rule keeps some as negatives: all at once, or in chunks of the queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from moco_bench.contrast.negatives.hashing import random_scores
from moco_bench.contrast.negatives.radix import streamed_cuts
from moco_bench.contrast.negatives.rules import Ranks
from moco_bench.contrast.negatives.selection import Membership, cut, cut_counts

STREAM_ABOVE = 2**22
"""Pairs above which the queue is taken in chunks. Below, one matrix (16 MiB) saves a rule the passes of a search."""

CHUNK_PAIRS = 2**18
"""Pairs of a chunk: 1 MiB of float32, which stays in a core's cache from one operation to the next."""

MINIMUM_WIDTH = 64
"""Slots of a chunk, whatever the batch: narrower products are slow."""


class Chunk(NamedTuple):
    """A part of the queue, seen from all anchors.

    Attributes:
        columns: the slots of the queue.
        similarity: [B, C], to be changed in place by whoever asked for it.
        keep: bool [B, C], the pairs that a rule keeps; None for all.
        blocked: bool [B, C], pairs of one image, never kept; None for none.
    """

    columns: slice
    similarity: Tensor
    keep: Tensor | None
    blocked: Tensor | None


@dataclass(frozen=True)
class Candidates:
    """Anchors, the queue, and the images that both came from.

    Attributes:
        anchor: [B, D], unit rows.
        queue: [K, D], unit rows.
        sample_index: int64 [B], from 0; None where a key of the anchor's own image is a candidate like any other.
        queue_index: int64 [K], negative where there is no image; None likewise.
    """

    anchor: Tensor
    queue: Tensor
    sample_index: Tensor | None = None
    queue_index: Tensor | None = None

    @property
    def chunk_width(self) -> int:
        """How many slots to take at once: the whole queue, where that matrix is small."""
        rows, size = self.anchor.shape[0], self.queue.shape[0]
        return size if rows * size <= STREAM_ABOVE else min(size, max(MINIMUM_WIDTH, CHUNK_PAIRS // rows))

    def similarity(self, columns: slice) -> Tensor:
        """Cosine similarity [B, C] of the anchors to the keys in the slots `columns`."""
        return self.anchor @ self.queue[columns].T

    def blocked(self, columns: slice) -> Tensor | None:
        """Pairs of one image, which are no candidates: bool [B, C]; None where images don't matter."""
        if self.sample_index is None or self.queue_index is None:
            return None
        return self.sample_index[:, None] == self.queue_index[None, columns]

    def whole(self, ranks: Ranks) -> Chunk:
        """The whole queue as one chunk; its similarity carries the anchors' gradient."""
        columns = slice(0, self.queue.shape[0])
        similarity, blocked = self.similarity(columns), self.blocked(columns)
        values = similarity.detach()  # which keys are kept has no gradient
        counts = cut_counts(ranks, columns.stop)
        scores = self._scores(ranks, columns, values, blocked) if counts else values
        membership = Membership(ranks, columns.stop, [cut(scores, count) for count in counts])
        return Chunk(columns, similarity, membership.keep(values, scores, blocked), blocked)

    @torch.no_grad()
    def chunks(self, ranks: Ranks) -> Iterator[Chunk]:
        """The queue in chunks of `chunk_width` slots, without gradients. The pairs kept are those of `whole`."""
        size, width = self.queue.shape[0], self.chunk_width
        if width == size:
            yield self.whole(ranks)
            return
        parts = [slice(start, min(start + width, size)) for start in range(0, size, width)]
        counts = cut_counts(ranks, size)

        def passes() -> Iterator[Tensor]:
            return (self._scores(ranks, part, None, self.blocked(part)) for part in parts)

        membership = Membership(ranks, size, streamed_cuts(passes, counts))
        for part in parts:
            similarity, blocked = self.similarity(part), self.blocked(part)
            scores = self._scores(ranks, part, similarity, blocked) if counts else similarity
            yield Chunk(part, similarity, membership.keep(similarity, scores, blocked), blocked)

    def _scores(self, ranks: Ranks, columns: slice, similarity: Tensor | None, blocked: Tensor | None) -> Tensor:
        """What the ranks are ranks of, [B, C]: the higher, the earlier; blocked keys come last."""
        if ranks.order == "random":
            scores = random_scores(self.anchor.shape[0], columns, ranks.seed, self.anchor.device)
            lowest: float = torch.iinfo(scores.dtype).min
        else:
            similarity = self.similarity(columns) if similarity is None else similarity
            scores = similarity if ranks.order == "hardest-first" else -similarity
            lowest = -torch.inf
        return scores if blocked is None else scores.masked_fill(blocked, lowest)
