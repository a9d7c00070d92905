"""The contrastive losses: MoCo's InfoNCE and our readings of the dual-view loss of arXiv 2501.16360.

With q a query, k its key (no gradient), n_j the queue's keys, tau the temperature and S_i the negatives of anchor i,

    L_q(i) = -log  e^{q_i.k_i/tau} / (e^{q_i.k_i/tau} + sum_{j in S_i} e^{q_i.n_j/tau})

and the total is the mean over the batch of (1 - w) L_q + w L_k, with w = `key_weight`. The abstract of the paper asks
for "balanced optimization of both query and key embeddings" and its equations are not known to us; each L_k is a
reading of that sentence:

`none`            L_q alone (MoCo), whatever w.
`key-anchored`    L_q with q_i and k_i exchanged: k_i against the queue, S_i chosen by k_i.n_j. Its gradient for q_i is
                  -(1 - p_k) k_i / tau, attraction without repulsion, as nothing but the positive holds a query.
`key-in-batch`    k_i against the queries of the batch, -log e^{k_i.q_i/tau} / sum_j e^{k_i.q_j/tau}. Repels other
                  queries. A selection rule doesn't touch these negatives.
`query-queue`     `key-anchored` against a queue of past queries.
`scaled-positive` A control, no reading: L_q(i) with its sum over negatives held constant. It has L_q's value and the
                  gradient -(1 - p_q) k_i / tau. The total then has the value of L_q and the gradient
                  -(1 - p_q) k_i / tau + (1 - w) sum_j p_j n_j / tau: it is (1 - w) L_q with its attraction multiplied
                  by 1 / (1 - w), which is what `key-anchored` amounts to where p_k = p_q.
"""

from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.logsumexp import log_sum_of_negatives
from moco_bench.contrast.negatives import All, Negatives
from moco_bench.contrast.validation import check_images, check_queue, check_rows

DualView = Literal["none", "key-anchored", "key-in-batch", "query-queue", "scaled-positive"]


@dataclass(frozen=True)
class LossTerms:
    """A loss and its parts.

    Attributes:
        total: scalar, to be differentiated.
        query_term: mean of L_q, detached.
        key_term: mean of L_k, detached; None for the reading `none`.
    """

    total: Tensor
    query_term: Tensor
    key_term: Tensor | None


def contrastive_loss(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    *,
    temperature: float,
    dual_view: str = "none",
    key_weight: float = 0.5,
    negatives: Negatives | None = None,
    sample_index: Tensor | None = None,
    queue_index: Tensor | None = None,
    query_queue: Tensor | None = None,
) -> Tensor:
    """The mean over the batch of (1 - w) L_q + w L_k; see the module for each reading's L_k.

    Gradients reach `query` alone. Float64 is computed in float64, every other type in float32, also under autocast:
    bfloat16 has steps of 1/32 at a logit of 8, enough to tie thousands of similarities and to blur their ranks.

    A large queue is taken in chunks, so that no B x K matrix is ever held.

    Args:
        query: [B, D], unit rows (not checked).
        key: [B, D], unit rows: row i is the other view of query i.
        queue: [K, D], unit rows: past keys, none of them in `key`.
        temperature: tau, above zero.
        dual_view: the reading. `symmetric`, the mean of two calls with the views exchanged, is the training step's.
        key_weight: w, in [0, 1].
        negatives: the selection rule, by default the whole queue. The warm-up of a filter is the training step's: it
            gives None.
        sample_index: int64 [B], the image of each query, from 0. With `queue_index`, the keys of a query's own image
            are taken out before the selection, so that they can't take the place of another.
        queue_index: int64 [K], the image of each key of the queue, negative where there is none.
        query_queue: [K, D], unit rows: past queries, filled in step with `queue`. The reading `query-queue` needs it,
            the others pay no heed to it.

    Returns:
        Scalar. An anchor without any negative counts as zero.

    Raises:
        ValueError: an argument doesn't fit; one line that names it.
    """
    return contrastive_terms(
        query,
        key,
        queue,
        temperature=temperature,
        dual_view=dual_view,
        key_weight=key_weight,
        negatives=negatives,
        sample_index=sample_index,
        queue_index=queue_index,
        query_queue=query_queue,
    ).total


def contrastive_terms(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    *,
    temperature: float,
    dual_view: str = "none",
    key_weight: float = 0.5,
    negatives: Negatives | None = None,
    sample_index: Tensor | None = None,
    queue_index: Tensor | None = None,
    query_queue: Tensor | None = None,
) -> LossTerms:
    """`contrastive_loss`, with its parts for the history of a run. Same arguments, same errors."""
    reading = _check_settings(dual_view, key_weight, temperature, negatives)
    check_rows(query, key, queue)
    check_images(query, queue, sample_index, queue_index)
    past_queries = _check_query_queue(query_queue, query, queue_index) if reading == "query-queue" else queue
    rule = All() if negatives is None else negatives
    dtype = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        query, key, queue = query.to(dtype), key.detach().to(dtype), queue.detach().to(dtype)

        def log_sum(anchor: Tensor, keys: Tensor) -> Tensor:
            candidates = Candidates(anchor, keys, sample_index, queue_index)
            return log_sum_of_negatives(candidates, rule.ranks(keys.shape[0]), temperature)

        positive = (query * key).sum(dim=1) / temperature
        query_sum = log_sum(query, queue)
        query_term = _info_nce(positive, query_sum)
        match reading:
            case "none":
                return LossTerms(query_term, query_term.detach(), None)
            case "key-anchored":
                key_term = _info_nce(positive, log_sum(key, queue))
            case "query-queue":
                key_term = _info_nce(positive, log_sum(key, past_queries.detach().to(dtype)))
            case "key-in-batch":
                key_term = cross_entropy(key @ query.T / temperature, torch.arange(len(key), device=key.device))
            case "scaled-positive":
                key_term = _info_nce(positive, query_sum.detach())
        total = (1 - key_weight) * query_term + key_weight * key_term
        return LossTerms(total, query_term.detach(), key_term.detach())


def _info_nce(positive: Tensor, log_sum: Tensor) -> Tensor:
    """Mean of -log e^s / (e^s + e^l) = -log sigmoid(s - l), which stays exact where the loss is nearly zero."""
    return -logsigmoid(positive - log_sum).mean()


def _check_settings(dual_view: str, key_weight: float, temperature: float, negatives: Negatives | None) -> DualView:
    if dual_view == "symmetric":
        raise ValueError("dual_view 'symmetric' lives in the training step: it is the mean of two calls with 'none'")
    if dual_view not in get_args(DualView):
        raise ValueError(f"dual_view must be one of {', '.join(get_args(DualView))}, got {dual_view!r}")
    if not 0 <= key_weight <= 1:
        raise ValueError(f"key_weight must lie in [0, 1], got {key_weight}")
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be above 0 and finite, got {temperature}")
    if not (negatives is None or isinstance(negatives, Negatives)):
        raise ValueError(f"negatives must be a rule such as Hardest(fraction=0.25), got {negatives!r}")
    return cast(DualView, dual_view)


def _check_query_queue(query_queue: Tensor | None, query: Tensor, queue_index: Tensor | None) -> Tensor:
    if query_queue is None:
        raise ValueError("query_queue is missing: dual_view 'query-queue' needs it")
    check_queue("query_queue", query_queue, query)
    if queue_index is not None and queue_index.shape != query_queue.shape[:1]:
        raise ValueError(f"query_queue must have the {len(queue_index)} rows of queue_index, got {len(query_queue)}")
    return query_queue
