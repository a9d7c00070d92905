"""The one quantity of all these losses that grows with the queue: log sum e^{s/tau} over an anchor's negatives."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.negatives.rules import Ranks


def log_sum_of_negatives(candidates: Candidates, ranks: Ranks, temperature: float) -> Tensor:
    """Log of the sum of e^{s/temperature} over the kept keys, with its gradient for the anchors.

    Takes the queue in chunks where the whole B x K matrix would be large; both ways give the same to float precision.

    Returns:
        [B]; minus infinity, with gradient zero, where an anchor has no negative.
    """
    if candidates.chunk_width == candidates.queue.shape[0]:
        return plain_log_sum(candidates, ranks, temperature)
    result: Tensor = _StreamedLogSum.apply(candidates.anchor, candidates, ranks, temperature)
    return result


def plain_log_sum(candidates: Candidates, ranks: Ranks, temperature: float) -> Tensor:
    """The definition of `log_sum_of_negatives`, with the whole matrix in memory."""
    whole = candidates.kept(ranks)
    # In place: the gradient of the product needs its factors, not its result.
    logits = whole.similarity.div_(temperature)
    if whole.keep is not None:
        logits = logits.masked_fill_(~whole.keep, -torch.inf)
    return logits.logsumexp(dim=1)


class _StreamedLogSum(torch.autograd.Function):
    """`plain_log_sum` in chunks of the queue.

    The gradient of row i for its anchor is sum_j softmax_ij n_j / tau, an average of keys. The pass that sums the
    exponentials also sums the keys weighted with them, so the backward pass needs [B, D] numbers and not the queue.
    Both sums are kept relative to the highest logit so far (Milakov and Gimelshein 2018, arXiv 1805.02867).
    """

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, candidates: Candidates, ranks: Ranks, temperature: float) -> Tensor:
        highest = anchor.new_full((anchor.shape[0], 1), -torch.inf)
        total = torch.zeros_like(highest)
        average = torch.zeros_like(anchor)
        for chunk in candidates.kept_in_chunks(ranks):
            logits = chunk.similarity.div_(temperature)
            if chunk.keep is not None:
                logits.masked_fill_(~chunk.keep, -torch.inf)
            raised = torch.maximum(highest, logits.amax(dim=1, keepdim=True))
            reference = raised.masked_fill(raised == -torch.inf, 0.0)  # nothing kept so far: any number will do
            shrink = (highest - reference).exp_()
            weights = logits.sub_(reference).exp_()
            total.mul_(shrink).add_(weights.sum(dim=1, keepdim=True))
            if ctx.needs_input_grad[0]:
                average.mul_(shrink).addmm_(weights, candidates.queue[chunk.columns])
            highest = raised
        ctx.save_for_backward(average.div_(total.clamp_min(torch.finfo(total.dtype).tiny) * temperature))
        return (highest + total.log()).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (average,) = ctx.saved_tensors
        return gradient[:, None] * average, None, None, None
