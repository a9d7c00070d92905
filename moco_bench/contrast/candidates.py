"""The pairs of anchors and keys, from which a rule chooses negatives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.components.ranks import Ranks
from moco_bench.contrast.negatives.hashing import random_scores
from moco_bench.contrast.negatives.selection import flags

BLOCKED = 1e30
"""How much a blocked pair's score is lowered: below all others, but finite, as infinity times 0 is NaN."""


@dataclass(frozen=True)
class Candidates:
    """Anchors, the queue, and the images that both came from.

    The methods take columns of the matrix of all pairs: slots of the queue as a slice with start and stop.

    Attributes:
        anchor: [B, D], unit rows.
        queue: [K, D], unit rows.
        sample_index: int64 [B], from 0; None where a key of the anchor's own image is a candidate like any other.
        queue_index: int64 [K], negative where there is no image; None likewise.
        other_view: [B, D], unit rows: the embedding of the other view of each anchor's image, for ranks that are
            `seen_from` there.
    """

    anchor: Tensor
    queue: Tensor
    sample_index: Tensor | None = None
    queue_index: Tensor | None = None
    other_view: Tensor | None = None

    def similarity(self, columns: slice) -> Tensor:
        """Cosine similarity of anchors and keys, [B, C]."""
        return self.anchor @ self.queue[columns].T

    def blocked(self, columns: slice) -> Tensor | None:
        """1 for pairs of one image, which are no candidates, else 0: [B, C]. None where images don't matter."""
        if self.sample_index is None or self.queue_index is None:
            return None
        return flags(torch.eq, self.sample_index[:, None], self.queue_index[None, columns], self.anchor.dtype)

    def of_one_image(self, columns: slice) -> Tensor | None:
        """`blocked` as booleans: a quarter of its size, and slower to compute with."""
        if self.sample_index is None or self.queue_index is None:
            return None
        return self.sample_index[:, None] == self.queue_index[None, columns]

    def scores(self, ranks: Ranks, columns: slice, similarity: Tensor | None = None) -> Tensor:
        """The scores by which a rule ranks keys, [B, C]: the highest comes first, blocked pairs come last.

        Args:
            ranks: the rule.
            columns: slots of the queue.
            similarity: of these pairs, where it is known already; not changed.
        """
        if ranks.order == "random":
            row_numbers = torch.arange(len(self.anchor), device=self.anchor.device)
            slots = torch.arange(columns.start, columns.stop, columns.step or 1, device=self.anchor.device)
            scores = random_scores(row_numbers, slots, ranks.seed).to(self.anchor.dtype)
        else:
            if ranks.seen_from == "other-view":
                assert self.other_view is not None
                similarity = self.other_view @ self.queue[columns].T
            similarity = self.similarity(columns) if similarity is None else similarity
            scores = similarity if ranks.order == "hardest-first" else -similarity
        blocked = self.blocked(columns)
        return scores if blocked is None else scores.sub(blocked, alpha=BLOCKED)
