"""The input of a loss: a batch of queries and keys, and the queue."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from moco_bench.components.answers import wrong_answer
from moco_bench.components.ranks import Ranks
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.pairs import AtStep, Pairs


@dataclass(frozen=True)
class Batch:
    """One batch, all in one floating point type. Labels are no part of it.

    Attributes:
        query: [B, D], unit rows; the only tensor with a gradient.
        key: [B, D], unit rows: row i is the other view of query i.
        queue: [K, D], unit rows: past keys.
        temperature: tau.
        negatives: the rule, at this step.
        query_queue: [K, D], unit rows: past queries, for losses that need them.
        images: the images of the queries [B] and of the queue [K], None where they don't matter.
    """

    query: Tensor
    key: Tensor
    queue: Tensor
    temperature: float
    negatives: AtStep
    query_queue: Tensor | None = None
    images: tuple[Tensor | None, Tensor | None] = (None, None)

    @cached_property
    def positive(self) -> Tensor:
        """Cosine similarity of each query and its key: [B]."""
        return (self.query * self.key).sum(dim=1)

    @property
    def past_queries(self) -> Tensor:
        """The queue of queries. Raises `ValueError` where there is none."""
        if self.query_queue is None:
            raise ValueError("query_queue is missing: this loss needs it")
        return self.query_queue

    def nearest(self, count: int) -> tuple[Tensor, Tensor]:
        """The keys of the queue that are most similar to each query's other view, whatever the rule keeps.

        Returns:
            Their slots, int64 [B, count], most similar first; and which of them are of other images, bool [B, count].
        """
        candidates = Candidates(self.key, self.queue, *self.images, other_view=self.query.detach())
        slots = Pairs(candidates, Ranks(), self.positive, self.negatives).hardest(count)
        own, queued = self.images
        if own is None or queued is None:
            return slots, torch.ones_like(slots, dtype=torch.bool)
        return slots, own[:, None] != queued[slots]

    def query_sum(self, temperature: float | None = None) -> Tensor:
        """Log of the sum of e^{q.n_j/tau} over the negatives of each query, as its rule forms it: [B].

        Args:
            temperature: in place of the batch's own.
        """
        return self._log_sum(self.query, self.key, self.queue, temperature)

    def key_sum(self, keys: Tensor | None = None, temperature: float | None = None) -> Tensor:
        """`query_sum` with the key as the anchor, and `keys` in place of the queue. No gradient but the positive's."""
        return self._log_sum(self.key, self.query.detach(), self.queue if keys is None else keys, temperature)

    def _log_sum(self, anchor: Tensor, other_view: Tensor, keys: Tensor, temperature: float | None) -> Tensor:
        """The log-sum over the rule's negatives among `keys` [K, D], [B]; mass is measured by the batch's temperature.

        Row i of `other_view`, [B, D], is the other view of anchor i. It carries no gradient, and neither do the keys.
        """
        candidates, rule = Candidates(anchor, keys, *self.images, other_view=other_view), self.negatives.rule
        pairs = Pairs(candidates, self.negatives.ranks(keys.shape[0], self.temperature), self.positive, self.negatives)
        found = rule.log_sum(pairs, self.temperature if temperature is None else temperature)
        if not isinstance(found, Tensor) or found.shape != anchor.shape[:1]:
            raise wrong_answer(rule, "log_sum", found, f"a tensor [{len(anchor)}], a number for each anchor,")
        return found
