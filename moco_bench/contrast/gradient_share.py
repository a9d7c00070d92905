"""How the query's gradient divides between the two terms of a dual-view loss, for the history of a run."""

from typing import Any

import torch
from torch import Tensor

from moco_bench.contrast.loss import contrastive_terms


def key_gradient_share(query: Tensor, key: Tensor, queue: Tensor, **settings: Any) -> float | None:
    """Fraction of the query's gradient norm that is due to the key term, averaged over the batch.

    With z_i the projection whose unit row is q_i, L_q and L_k the batch means of the two terms, u and w their weights,

        share_i = |w dL_k/dz_i| / (|u dL_q/dz_i| + |w dL_k/dz_i|)

    Values of the terms don't tell: their scales differ with the number of negatives, and a term can be large where its
    gradient is small. Nor does the gradient for q_i itself, whose part along q_i never reaches the encoder: normalising
    takes it away, dL/dz = (I - q q^T) dL/dq / |z|, and |z| cancels in the ratio.

    Queries and keys are left as they are. Nothing of the size B x K is held.

    Args:
        query: [B, D], unit rows.
        key: [B, D], unit rows.
        queue: [K, D], unit rows.
        settings: the others of `contrastive_loss`. For the control `scaled-positive` the key term is the attraction
            that it adds. A rule's random numbers are drawn as in the loss.

    Returns:
        In [0, 1]; rows that nothing pulls at are left out. None where there is no such row, and for losses without a
        key term, such as `symmetric`, whose two terms pull at the queries of different views, each alone.
    """
    anchor = query.detach().requires_grad_()
    with torch.enable_grad():
        terms = contrastive_terms(anchor, key, queue, **settings)
    if terms.key_part is None:
        return None

    def pull(part: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(part, anchor, retain_graph=True)
        along = (gradient * query).sum(dim=1, keepdim=True) * query
        length: Tensor = (gradient - along).norm(dim=1)
        return length

    of_query, of_key = pull(terms.query_part), pull(terms.key_part)
    pulled = of_query + of_key > 0
    if not pulled.any():
        return None
    return float((of_key[pulled] / (of_query + of_key)[pulled]).mean())
