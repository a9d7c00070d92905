"""How the gradient divides between the two terms of a dual-view loss. For the history of a run."""

import torch
from torch import Tensor

from moco_bench.contrast.loss import contrastive_terms
from moco_bench.contrast.negatives import Negatives, Ranks


def key_gradient_share(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    *,
    temperature: float,
    dual_view: str,
    key_weight: float,
    negatives: Negatives | None = None,
    sample_index: Tensor | None = None,
    queue_index: Tensor | None = None,
    query_queue: Tensor | None = None,
) -> float | None:
    """Which part of what pulls at a query comes from the key term, averaged over the batch.

    With z_i the projection whose unit row is q_i, L_q and L_k the batch means of the two terms, and w = `key_weight`,

        share_i = |w dL_k/dz_i| / (|(1 - w) dL_q/dz_i| + |w dL_k/dz_i|)

    Values of the terms don't tell: their scales differ with the number of negatives, and a term can be large where its
    gradient is small. Nor does the gradient for q_i itself, whose part along q_i never reaches the encoder: normalising
    takes it away, dL/dz = (I - q q^T) dL/dq / |z|, and |z| cancels in the ratio.

    Queries, keys and a random rule's generator are left as they are. Nothing of the size B x K is held.

    Args:
        query: as in `contrastive_loss`, like all that isn't named here.
        key: see `query`.
        queue: see `query`.
        temperature: see `query`.
        dual_view: a reading. For the control `scaled-positive` the key term is the attraction that it adds.
        key_weight: w.
        negatives: the selection rule. Of a random one another draw is seen than the step's.
        sample_index: see `query`.
        queue_index: see `query`.
        query_queue: see `query`.

    Returns:
        In [0, 1]; rows that nothing pulls at are left out. None where there is no such row, and for readings without a
        key term: `none`, and `symmetric`, whose two terms pull at the queries of different views, each alone.
    """
    if dual_view in ("none", "symmetric"):
        return None
    rule = None if negatives is None else _Preview(negatives)

    def pull(reading: str, weight: float) -> Tensor:
        anchor = query.detach().requires_grad_()
        with torch.enable_grad():
            total = contrastive_terms(
                anchor,
                key,
                queue,
                temperature=temperature,
                dual_view=reading,
                key_weight=weight,
                negatives=rule,
                sample_index=sample_index,
                queue_index=queue_index,
                query_queue=query_queue,
            ).total
        (gradient,) = torch.autograd.grad(total, anchor)
        along = (gradient * query).sum(dim=1, keepdim=True) * query
        length: Tensor = (gradient - along).norm(dim=1)
        return length

    of_query = (1 - key_weight) * pull("none", 0.0)
    of_key = key_weight * pull(dual_view, 1.0)
    pulled = of_query + of_key > 0
    if not pulled.any():
        return None
    return float((of_key[pulled] / (of_query + of_key)[pulled]).mean())


class _Preview(Negatives):
    """A rule that is asked without being advanced."""

    def __init__(self, rule: Negatives) -> None:
        self._rule = rule

    def ranks(self, queue_size: int) -> Ranks:
        return self._rule.preview(queue_size)
