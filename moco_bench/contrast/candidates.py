"""The pairs of anchors and keys, of which a rule keeps some as negatives: all at once, or in chunks of the queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from moco_bench.contrast.negatives.hashing import random_scores
from moco_bench.contrast.negatives.histogram import streamed_cuts
from moco_bench.contrast.negatives.rules import Ranks
from moco_bench.contrast.negatives.selection import Cut, Membership, cut, cut_counts, flags

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
