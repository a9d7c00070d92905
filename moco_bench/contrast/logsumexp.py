"""The one quantity of all these losses that grows with the queue: log sum e^{s/tau} over an anchor's negatives."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from moco_bench.components.ranks import Ranks
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.chunks import queue_in_chunks, whole_queue
from moco_bench.contrast.device import on_gpu

LOG_2 = math.log(2)
DROPPED = 1e30
"""Subtracted from the logit of a dropped pair, whose exponential is then exactly zero."""

LOWEST_TEMPERATURE = 0.02
"""From here on 2^(s/tau/log 2) of unit rows is at most 2^72, far below float32's 2^127 even for sums of 65,536."""

LogWeight = Callable[[Tensor], Tensor | None]
"""Function from similarities [B, C] to the logarithms of their weights in the sum; None if all weigh 1."""

LogSum = Callable[[Candidates, Ranks, float, LogWeight | None], Tensor]
_COMPUTED_BY: ContextVar[LogSum | None] = ContextVar("computed_by", default=None)


@contextmanager
def _computed_by(version: LogSum) -> Iterator[None]:
    token = _COMPUTED_BY.set(version)
    try:
        yield
    finally:
        _COMPUTED_BY.reset(token)


def plain_version() -> AbstractContextManager[None]:
    """Within it the losses use `plain_log_sum`: the reference implementation used in tests and benchmarks."""
    return _computed_by(plain_log_sum)


def kept_version() -> AbstractContextManager[None]:
    """Within it the losses use `kept_log_sum`, which shows how much memory a filter can save over `plain_version`."""
    return _computed_by(kept_log_sum)


def log_sum_of_negatives(
    candidates: Candidates, ranks: Ranks, temperature: float, log_weight: LogWeight | None = None
) -> Tensor:
    """Log of the sum of e^{s/temperature + log_weight(s)} over the kept keys, with its gradient for the anchors.

    The gradient is found on the way, so nothing of the size B x K is kept for the backward pass; where that matrix
    would be large, it never exists, as the queue is taken in chunks.

    Returns:
        [B]; minus infinity, with gradient zero, where an anchor has no negative.
    """
    version = _COMPUTED_BY.get()
    if version is not None:
        return version(candidates, ranks, temperature, log_weight)
    result: Tensor = _LogSum.apply(candidates.anchor, candidates, ranks, temperature, log_weight)
    return result


def plain_log_sum(
    candidates: Candidates, ranks: Ranks, temperature: float, log_weight: LogWeight | None = None
) -> Tensor:
    """The definition of `log_sum_of_negatives`: one matrix, differentiated by autograd. Equal to float precision."""
    whole = whole_queue(candidates, ranks)
    logarithms = None if log_weight is None else log_weight(whole.similarity)
    # In place: a matmul's gradient needs its factors, not its result; the gradient of weights may need it.
    logits = whole.similarity.div_(temperature) if logarithms is None else whole.similarity / temperature + logarithms
    if whole.dropped is not None:
        logits = logits.masked_fill_(whole.dropped > 0, -torch.inf)
    return logits.logsumexp(dim=1)


def has_kept_form(ranks: Ranks) -> bool:
    """Whether `topk` can select these ranks: the whole queue, or the hardest keys up to some rank."""
    by_rank = ranks.order == "hardest-first" and ranks.seen_from == "anchor" and ranks.above is ranks.mass is None
    return ranks == Ranks() or (by_rank and ranks.last is not None)


def kept_log_sum(
    candidates: Candidates, ranks: Ranks, temperature: float, log_weight: LogWeight | None = None
) -> Tensor:
    """`plain_log_sum` as it is commonly written: of one matrix, `topk`, and the sum over the logits that are kept.

    For the whole queue and for rules that keep the hardest keys, all weighing the same; others have no such form, and
    are computed as `plain_log_sum` does. Which of equal similarities `topk` keeps changes no value.
    """
    whole = ranks == Ranks()
    if log_weight is not None or not has_kept_form(ranks):
        return plain_log_sum(candidates, ranks, temperature, log_weight)
    columns = slice(0, len(candidates.queue))
    logits = candidates.similarity(columns)
    mask = candidates.of_one_image(columns)
    if mask is not None:
        logits = logits.masked_fill_(mask, -torch.inf)
    del mask  # what isn't needed any more isn't held: this is about memory
    if not whole:
        logits = logits.topk(cast(int, ranks.last), dim=1, sorted=ranks.first > 0).values[:, ranks.first :]
    return logits.div_(temperature).logsumexp(dim=1)


class _LogSum(torch.autograd.Function):
    """`plain_log_sum` in chunks of the queue.

    The gradient of row i for its anchor is sum_j softmax_ij n_j / tau, an average of keys (with weights w(s), each key
    counts 1 + tau d log w/ds times). The pass that sums the
    exponentials also sums the keys weighted with them, so the backward pass needs [B, D] numbers and not the queue.
    Both sums are kept relative to the highest logit so far (Milakov and Gimelshein 2018, arXiv 1805.02867). On a GPU
    they aren't, as each operation is a launch there: rows are of unit length, and so no power overflows. Logits are
    to base 2: a CPU takes powers of 2 more than twice as fast as powers of e, and of large negative numbers 20 times.
    """

    @staticmethod
    def forward(
        ctx: Any, anchor: Tensor, candidates: Candidates, ranks: Ranks, temperature: float, log_weight: LogWeight | None
    ) -> Tensor:
        differentiable = ctx.needs_input_grad[0]
        highest, total, keys = None, None, None
        relative = not on_gpu(anchor.device) or temperature < LOWEST_TEMPERATURE or log_weight is not None
        for chunk in queue_in_chunks(candidates, ranks):
            logarithms, slope = _weights_of(chunk.similarity, log_weight, differentiable)
            logits = chunk.similarity.mul_(1 / (temperature * LOG_2))
            if logarithms is not None:
                logits.add_(logarithms, alpha=1 / LOG_2)
            if chunk.dropped is not None and chunk.dropped.dtype == torch.bool:
                logits.masked_fill_(chunk.dropped, -DROPPED)
            elif chunk.dropped is not None:
                logits.sub_(chunk.dropped, alpha=DROPPED)
            if relative:
                peak = logits.amax(dim=1, keepdim=True)
                raised = peak if highest is None else torch.maximum(highest, peak)
                reference = raised.clamp_min(-DROPPED / 2)  # nothing kept so far: any number far above will do
                logits.sub_(reference)
            weights = logits.exp2_()
            added = weights.sum(dim=1, keepdim=True)
            if slope is not None:
                weights.addcmul_(weights, slope, value=temperature)
            if total is None:
                total = added
                keys = weights @ candidates.queue[chunk.columns] if differentiable else None
            else:
                if highest is not None:
                    shrink = (highest - reference).exp2_()
                    total.mul_(shrink)
                    keys = None if keys is None else keys.mul_(shrink)
                total.add_(added)
                if keys is not None:
                    keys.addmm_(weights, candidates.queue[chunk.columns])
            highest = raised if relative else None
        assert total is not None
        if keys is not None:
            ctx.save_for_backward(keys.div_(total.clamp_min(torch.finfo(total.dtype).tiny)).div_(temperature))
        logarithm = total.log2()
        return (logarithm if highest is None else highest + logarithm).mul_(LOG_2).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        (average,) = ctx.saved_tensors
        return gradient[:, None] * average, None, None, None, None


def _weights_of(
    similarity: Tensor, log_weight: LogWeight | None, differentiable: bool
) -> tuple[Tensor | None, Tensor | None]:
    """The logarithms of a chunk's weights and their slopes in its similarities; None where there are none."""
    if log_weight is None:
        return None, None
    with torch.enable_grad():
        own = similarity.clone().requires_grad_(differentiable)  # the chunk's is changed in place later
        logarithms = log_weight(own)
        if logarithms is None:
            return None, None
        if logarithms.shape != own.shape:
            raise ValueError(f"log_weight must give {list(own.shape)} numbers, got {list(logarithms.shape)}")
        if not logarithms.requires_grad:
            return logarithms, None
        (slope,) = torch.autograd.grad(logarithms.sum(), own, allow_unused=True)
    return logarithms.detach(), slope
