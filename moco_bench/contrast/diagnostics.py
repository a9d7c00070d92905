"""Statistics of a batch's negatives, for the history of a run; training never sees a label."""

import torch
from torch import Tensor

from moco_bench.components.negatives import Negatives
from moco_bench.components.ranks import Ranks
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.chunks import queue_in_chunks
from moco_bench.contrast.logsumexp import log_sum_of_negatives
from moco_bench.contrast.loss import at_step
from moco_bench.contrast.pairs import AtStep
from moco_bench.contrast.validation import check_images, check_integers, check_rows


def negative_diagnostics(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    *,
    temperature: float,
    negatives: Negatives | AtStep | None = None,
    sample_index: Tensor | None = None,
    queue_index: Tensor | None = None,
    sample_labels: Tensor | None = None,
    queue_labels: Tensor | None = None,
) -> dict[str, float | None]:
    """Mean similarities, and the fractions of kept and dropped pairs that are of the anchor's own class.

    Shows the selection of the queries that a loss makes which is given the same, random rules included.

    Args:
        query: [B, D], unit rows.
        key: [B, D], unit rows.
        queue: [K, D], unit rows.
        temperature: tau of the loss, for the mass.
        negatives: the selection rule, by default the whole queue.
        sample_index: int64 [B], as in `contrastive_loss`.
        queue_index: int64 [K], as in `contrastive_loss`. Pairs of one image count as neither kept nor dropped.
        sample_labels: int64 [B], the class of each query, negative where unknown.
        queue_labels: int64 [K], the class of each key of the queue, negative where unknown.

    Returns:
        `positive_similarity`: mean of q_i.k_i. `negative_similarity`: mean of q_i.n_j over the kept pairs.
        `false_negative_rate_kept`, `false_negative_rate_dropped`: fraction of the pairs with both classes known in
        which they are equal. `kept_mass`: share of the softmax mass of an anchor's negatives, sum of e^{s/tau}, that
        the kept ones hold, mean over anchors. None where there is no pair to count.

    Raises:
        ValueError: an argument doesn't fit; one line that names it.
    """
    check_rows(query, key, queue)
    check_images(query, queue, sample_index, queue_index)
    check_integers("sample_labels", sample_labels, query)
    check_integers("queue_labels", queue_labels, queue)
    rule = at_step(negatives)
    dtype = torch.promote_types(query.dtype, torch.float32)
    similarity, kept, dropped = _Mean(), _Mean(), _Mean()
    with torch.no_grad(), torch.autocast(query.device.type, enabled=False):  # as in the loss, to see its selection
        query, key, queue = query.to(dtype), key.to(dtype), queue.to(dtype)
        candidates = Candidates(query, queue, sample_index, queue_index, other_view=key)
        ranks = rule.ranks(queue.shape[0], temperature)
        mass = _kept_mass(candidates, ranks, temperature)
        for chunk in queue_in_chunks(candidates, ranks):
            nothing = torch.zeros_like(chunk.similarity)
            keep = (nothing if chunk.dropped is None else chunk.dropped) == 0
            similarity.add(chunk.similarity, keep)
            if sample_labels is None or queue_labels is None:
                continue
            columns = queue_labels[None, chunk.columns]
            known = (sample_labels[:, None] >= 0) & (columns >= 0)
            known &= (nothing if chunk.blocked is None else chunk.blocked) == 0
            equal = sample_labels[:, None] == columns
            kept.add(equal, keep & known)
            dropped.add(equal, ~keep & known)
        positive = float((query * key).sum(dim=1).mean())
    return {
        "positive_similarity": positive,
        "negative_similarity": similarity.value,
        "false_negative_rate_kept": kept.value,
        "false_negative_rate_dropped": dropped.value,
        "kept_mass": mass,
    }


def _kept_mass(candidates: Candidates, ranks: Ranks, temperature: float) -> float | None:
    of_all = log_sum_of_negatives(candidates, Ranks(), temperature)
    some = of_all.isfinite()
    if not some.any():
        return None
    kept = of_all if ranks == Ranks() else log_sum_of_negatives(candidates, ranks, temperature)
    return float((kept - of_all)[some].exp().mean())


class _Mean:
    """Running mean over chosen entries of matrices that arrive one by one."""

    def __init__(self) -> None:
        self._total, self._count = 0.0, 0

    def add(self, values: Tensor, places: Tensor) -> None:
        self._total += float((values * places).sum())
        self._count += int(places.sum())

    @property
    def value(self) -> float | None:
        return self._total / self._count if self._count else None
