"""The contrastive losses, as a function of tensors: MoCo's InfoNCE and whatever `moco_bench.components` offers.

With q a query, k its key (no gradient), n_j the queue's keys, tau the temperature and S_i the negatives of anchor i,

    L_q(i) = -log  e^{q_i.k_i/tau} / (e^{q_i.k_i/tau} + sum_{j in S_i} e^{q_i.n_j/tau})

and the total of a dual-view reading is the mean over the batch of (1 - w) L_q + w L_k, with w = `key_weight`. The
abstract of the paper asks for "balanced optimization of both query and key embeddings" and its equations are not known
to us; each L_k, a file of `moco_bench/components/objectives`, is a reading of that sentence.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.components.answers import wrong_answer
from moco_bench.components.negatives import All, Negatives
from moco_bench.components.objectives import Objective, Terms
from moco_bench.components.readings import reading_of
from moco_bench.contrast.batch import Batch
from moco_bench.contrast.pairs import AtStep
from moco_bench.contrast.validation import check_images, check_queue, check_rows
from moco_bench.errors import InputError


@dataclass(frozen=True)
class LossTerms:
    """A loss and its parts.

    Attributes:
        total: scalar, to be differentiated.
        query_term: mean of L_q, detached.
        key_term: mean of L_k, detached; None for a loss without one.
        query_part: what the total holds of the query term, to be differentiated.
        key_part: what the total holds of the key term, to be differentiated; None likewise.
    """

    total: Tensor
    query_term: Tensor
    key_term: Tensor | None
    query_part: Tensor
    key_part: Tensor | None


def contrastive_loss(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    *,
    temperature: float,
    dual_view: str = "none",
    key_weight: float = 0.5,
    negatives: Negatives | AtStep | None = None,
    objective: Objective | None = None,
    sample_index: Tensor | None = None,
    queue_index: Tensor | None = None,
    query_queue: Tensor | None = None,
) -> Tensor:
    """The mean over the batch of (1 - w) L_q + w L_k, or another `objective`.

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
        negatives: the rule, by default the whole queue; `AtStep` gives it random numbers and the training's progress.
            The warm-up of a filter is the training step's: it gives None.
        objective: a loss, in place of `dual_view` and `key_weight`.
        sample_index: int64 [B], the image of each query, from 0. With `queue_index`, the keys of a query's own image
            are taken out before the selection, so that they can't take the place of another.
        queue_index: int64 [K], the image of each key of the queue, negative where there is none.
        query_queue: [K, D], unit rows: past queries, filled in step with `queue`. The reading `query-queue` needs it,
            the others ignore it.

    Returns:
        Scalar. An anchor without any negative counts as zero.

    Raises:
        ValueError: an argument doesn't fit; one line that names it.
        InputError: a formula of one's own writes into what it is given.
    """
    return contrastive_terms(
        query,
        key,
        queue,
        temperature=temperature,
        dual_view=dual_view,
        key_weight=key_weight,
        negatives=negatives,
        objective=objective,
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
    negatives: Negatives | AtStep | None = None,
    objective: Objective | None = None,
    sample_index: Tensor | None = None,
    queue_index: Tensor | None = None,
    query_queue: Tensor | None = None,
) -> LossTerms:
    """`contrastive_loss` with its terms apart, for a run's history. Same arguments, same errors."""
    loss = _check_settings(dual_view, key_weight, temperature, objective)
    check_rows(query, key, queue)
    check_images(query, queue, sample_index, queue_index)
    past_queries = _check_query_queue(loss, query_queue, query, queue_index) if loss.needs_query_queue else None
    dtype = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        batch = Batch(
            query.to(dtype),
            key.detach().to(dtype),
            queue.detach().to(dtype),
            temperature,
            at_step(negatives),
            None if past_queries is None else past_queries.detach().to(dtype),
            (sample_index, queue_index),
        )
        given = {"key": key, "queue": queue, "query_queue": query_queue}
        before = {name: _version(tensor) for name, tensor in given.items()}
        terms = _checked(loss, loss.terms(batch), query)
        for name, tensor in given.items():  # or later steps would silently use the changed queue
            if _version(tensor) != before[name]:
                which = f"loss {loss.title()} with rule {batch.negatives.rule.title()}"
                told = f"writes into `{name}`, which later steps need; work on a copy, `{name}.clone()`"
                raise InputError(f"{which}: {told}")
        query_part, key_part = terms.query_part, terms.key_part
        total = query_part if key_part is None else query_part + key_part
    key_term = None if terms.key is None else terms.key.detach()
    return LossTerms(total, terms.query.detach(), key_term, query_part, key_part)


def _checked(loss: Objective, terms: Terms, query: Tensor) -> Terms:
    """The terms of a loss, checked: one number per term, and a gradient where the queries need one."""
    if not isinstance(terms, Terms) or len(terms.weights) != 2:
        raise wrong_answer(loss, "terms", terms, "Terms(loss) or Terms(query_term, key_term, weights)")
    for term in (terms.query, terms.key):
        if term is not None and not (isinstance(term, Tensor) and term.shape == () and term.is_floating_point()):
            raise wrong_answer(loss, "terms", term, "Terms of numbers, tensors without dimensions,")
    if (
        query.requires_grad
        and torch.is_grad_enabled()
        and not any(term is not None and term.requires_grad for term in (terms.query, terms.key))
    ):
        raise wrong_answer(loss, "terms", terms.query, "a loss with a gradient for the queries")
    return terms


def _version(tensor: Tensor | None) -> int:
    """A tensor's version counter, which in-place writes increase; 0 in inference mode, which has none."""
    return 0 if tensor is None or tensor.is_inference() else tensor._version


def at_step(negatives: Negatives | AtStep | None) -> AtStep:
    """A rule together with its state at a step. Raises `ValueError` for anything else."""
    if isinstance(negatives, AtStep):
        return negatives
    if not (negatives is None or isinstance(negatives, Negatives)):
        raise ValueError(f"negatives must be a rule such as Hardest(fraction=0.25), got {negatives!r}")
    return AtStep(All() if negatives is None else negatives)


def _check_settings(dual_view: str, key_weight: float, temperature: float, objective: Objective | None) -> Objective:
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be above 0 and finite, got {temperature}")
    if objective is not None:
        return objective
    if dual_view == "symmetric":
        raise ValueError("dual_view 'symmetric' lives in the training step: it is the mean of two calls with 'none'")
    return reading_of(dual_view, key_weight)


def _check_query_queue(
    loss: Objective, query_queue: Tensor | None, query: Tensor, queue_index: Tensor | None
) -> Tensor:
    if query_queue is None:
        raise ValueError(f"query_queue is missing: {loss.title()!r} needs it")
    check_queue("query_queue", query_queue, query)
    if queue_index is not None and queue_index.shape != query_queue.shape[:1]:
        raise ValueError(f"query_queue must have the {len(queue_index)} rows of queue_index, got {len(query_queue)}")
    return query_queue
