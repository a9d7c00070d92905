"""The input of a rule about negatives: anchors and the keys of the queue, with what a rule can compute from them."""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from moco_bench.components.negatives.base import Negatives
from moco_bench.components.ranks import Ranks
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.chunks import chunk_columns, queue_in_chunks
from moco_bench.contrast.logsumexp import LogWeight, log_sum_of_negatives
from moco_bench.data.transfer import to_device


@dataclass(frozen=True)
class AtStep:
    """A rule at one step of a training.

    Attributes:
        rule: the rule.
        generator: of its random numbers, advanced by use; by default one seeded with 0, anew for each loss.
        progress: how much of the training is over, from 0 to 1.
    """

    rule: Negatives
    generator: torch.Generator | None = None
    progress: float = 1.0

    @cached_property
    def _source(self) -> torch.Generator:
        return torch.Generator().manual_seed(0) if self.generator is None else self.generator

    def ranks(self, queue_size: int, temperature: float = 1.0) -> Ranks:
        """The rule's ranks in a queue of this size, with random numbers drawn. Raises `ValueError`.

        Args:
            queue_size: K.
            temperature: tau, by which mass is measured.
        """
        ranks = self.rule.kept(queue_size, self.progress)
        if ranks.mass is not None:
            return replace(ranks, temperature=temperature)
        if ranks.order != "random":
            return ranks
        source = self._source
        low, high = torch.randint(-(2**31), 2**31, (2,), generator=source, device=source.device).tolist()
        return replace(ranks, seed=(low, high))


@dataclass(frozen=True)
class Pairs:
    """Anchors and the keys of a queue, with what a rule keeps of them. Keys carry no gradient; anchors may.

    Attributes:
        candidates: the pairs, those of one image marked.
        ranks: what the rule keeps.
        positive: cosine similarity of each anchor with the other view of its image, [B], with its gradient.
        at_step: the rule with its random numbers.
    """

    candidates: Candidates
    ranks: Ranks
    positive: Tensor
    at_step: AtStep

    @property
    def anchor(self) -> Tensor:
        """[B, D], unit rows."""
        return self.candidates.anchor

    @property
    def keys(self) -> Tensor:
        """The queue, [K, D], unit rows."""
        return self.candidates.queue

    @property
    def progress(self) -> float:
        """The fraction of the training that is over, from 0 to 1."""
        return self.at_step.progress

    def uniform(self, *shape: int) -> Tensor:
        """Random numbers in [0, 1) of this step, in the anchors' type and on their device."""
        source = self.at_step._source
        drawn = torch.rand(*shape, generator=source, device=source.device)
        if source.device.type == "cpu":
            drawn = to_device(drawn, self.anchor.device)
        return drawn.to(self.anchor)

    def log_sum(
        self, temperature: float, *, log_weight: LogWeight | None = None, extra: Tensor | None = None
    ) -> Tensor:
        """Log of the sum of e^{s/temperature + log_weight(s)} over the kept keys and the extra ones: [B].

        Its gradient reaches the anchors. The queue is taken in chunks: no B x K matrix is held.

        Args:
            temperature: tau.
            log_weight: as `Negatives.log_weight`, of similarities alone.
            extra: keys beside the queue, [B, S, D]; no gradient reaches them.
        """
        of_queue = log_sum_of_negatives(self.candidates, self.ranks, temperature, log_weight)
        if extra is None:
            return of_queue
        similarity = torch.einsum("bd,bsd->bs", self.anchor, extra.detach())
        logarithms = None if log_weight is None else log_weight(similarity)
        logits = similarity / temperature
        of_extra = (logits if logarithms is None else logits + logarithms).logsumexp(dim=1)
        return torch.logaddexp(of_queue, of_extra)

    @torch.no_grad()
    def count(self) -> Tensor:
        """Number of the queue's keys that are negatives of each anchor: [B], in the anchors' type."""
        kept = self.anchor.new_full((len(self.anchor),), len(self.keys))
        dropped = (chunk.dropped for chunk in queue_in_chunks(self.candidates, self.ranks))
        if self.ranks == Ranks():  # without similarities, which nobody needs then
            dropped = (self.candidates.blocked(columns) for columns in chunk_columns(self.candidates))
        return kept - sum((part.sum(dim=1) for part in dropped if part is not None), torch.zeros_like(kept))

    @torch.no_grad()
    def hardest(self, count: int) -> Tensor:
        """The slots of the most similar keys of each anchor, most similar first: int64 [B, count].

        Keys of the anchor's own image come last. It holds B x count numbers, so `count` should be small.
        """
        best, best_slots = self.anchor.new_empty(len(self.anchor), 0), torch.empty(0)
        for columns in chunk_columns(self.candidates):
            scores = self.candidates.scores(Ranks(), columns)
            slots = torch.arange(columns.start, columns.stop, device=scores.device).expand_as(scores)
            slots = slots if columns.start == 0 else torch.cat([best_slots, slots], dim=1)
            scores = torch.cat([best, scores], dim=1)
            best, places = scores.topk(min(count, scores.shape[1]), dim=1)
            best_slots = slots.gather(1, places)
        return best_slots
