"""The queue in chunks or as a whole, with the pairs that a rule drops."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from moco_bench.components.ranks import Ranks
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.device import GPU_CHUNK_PAIRS, gpu_stored_pairs, on_gpu
from moco_bench.contrast.negatives.histogram import streamed_cuts
from moco_bench.contrast.negatives.mass import streamed_mass_cut
from moco_bench.contrast.negatives.selection import Cut, Membership, cut_counts, takes_passes, whole_cuts

CHUNK_PAIRS = 2**18
"""Pairs per chunk on a CPU: 1 MiB of float32, which stays in a core's cache between operators."""

MINIMUM_WIDTH = 64
"""Minimum slots per chunk, whatever the batch: narrower matmuls are slow."""

STORED_PAIRS = 2**22
"""Up to this many pairs, on a CPU, similarities are stored for rules that pass over the queue several times: 16 MiB."""

SAMPLE = 1024
"""Number of keys from which the range of an anchor's scores is estimated."""


class Chunk(NamedTuple):
    """A part of the queue, seen from all anchors.

    Attributes:
        columns: the slots of the queue.
        similarity: [B, C], to be changed in place by whoever asked for it.
        dropped: [B, C], 1 where a pair is no negative, else 0 (or truth values); None where all are.
        blocked: [B, C], likewise, where a pair is of one image (and dropped); None where no pair is.
    """

    columns: slice
    similarity: Tensor
    dropped: Tensor | None
    blocked: Tensor | None


def whole_queue(candidates: Candidates, ranks: Ranks) -> Chunk:
    """The whole queue as one chunk, for the reference implementation. Its similarity carries the anchors' gradient."""
    columns = slice(0, len(candidates.queue))
    similarity = candidates.similarity(columns)
    values = similarity.detach()  # which pairs are dropped has no gradient
    scores, blocked = candidates.scores(ranks, columns, similarity=values), candidates.blocked(columns)
    membership = Membership(ranks, whole_cuts(scores, ranks))
    return Chunk(columns, similarity, membership.dropped(values, scores, blocked), blocked)


@torch.no_grad()
def queue_in_chunks(candidates: Candidates, ranks: Ranks) -> Iterator[Chunk]:
    """The queue in chunks whose size suits the device. The pairs dropped are those of `whole_queue`."""
    size, device = len(candidates.queue), candidates.anchor.device
    if not takes_passes(ranks, size):
        # Truth values take a quarter of the memory; a CPU is slow with them.
        find_blocked = candidates.of_one_image if on_gpu(device) else candidates.blocked
        for columns in chunk_columns(candidates):
            blocked = find_blocked(columns)
            yield Chunk(columns, candidates.similarity(columns), blocked, blocked)
        return
    stored = candidates.similarity(slice(0, size)) if len(candidates.anchor) * size <= stored_pairs(device) else None
    membership = Membership(ranks, _cuts(candidates, ranks, stored))
    for columns in chunk_columns(candidates):
        similarity = candidates.similarity(columns) if stored is None else stored[:, columns]
        scores, blocked = candidates.scores(ranks, columns, similarity=similarity), candidates.blocked(columns)
        yield Chunk(columns, similarity, membership.dropped(similarity, scores, blocked), blocked)


def stored_pairs(device: torch.device) -> int:
    """Up to this many pairs, similarities are stored on `device` for rules that need the whole queue."""
    return gpu_stored_pairs(device) if on_gpu(device) else STORED_PAIRS


def chunk_columns(candidates: Candidates) -> list[slice]:
    """The slots of each chunk."""
    pairs = GPU_CHUNK_PAIRS if on_gpu(candidates.anchor.device) else CHUNK_PAIRS
    size, width = len(candidates.queue), max(MINIMUM_WIDTH, pairs // len(candidates.anchor))
    return [slice(start, min(start + width, size)) for start in range(0, size, width)]


def _cuts(candidates: Candidates, ranks: Ranks, stored: Tensor | None) -> list[Cut]:
    size = len(candidates.queue)
    counts = cut_counts(ranks, size)

    def scores(columns: slice) -> Tensor:
        return candidates.scores(ranks, columns, similarity=None if stored is None else stored[:, columns])

    def passes() -> Iterator[Tensor]:
        return (scores(columns) for columns in chunk_columns(candidates))

    if stored is not None and on_gpu(stored.device):
        return whole_cuts(scores(slice(0, size)), ranks)  # no pass over it has to wait for another one's result
    sample, limit = scores(slice(0, size, max(1, size // SAMPLE))), max(32, size // 32)
    if ranks.mass is not None:
        return [streamed_mass_cut(passes, ranks.mass, ranks.temperature, sample=sample, limit=limit)]
    return streamed_cuts(passes, counts, sample=sample, limit=limit)
