"""The reading that this suite's `dual` arm uses."""

from typing import ClassVar, Literal

from moco_bench.components.objectives.base import Terms, info_nce
from moco_bench.components.objectives.reading import Reading
from moco_bench.components.types import Batch


class KeyInBatch(Reading):
    """L_k is the key against the queries of the batch, -log e^{k_i.q_i/tau} / sum_j e^{k_i.q_j/tau}.

    It repels other queries, since its gradient reaches them. No rule touches these negatives.
    """

    cost: ClassVar[str] = "one B x B product; no more forward passes"

    name: Literal["key-in-batch"] = "key-in-batch"

    def terms(self, batch: Batch) -> Terms:
        from torch import arange
        from torch.nn.functional import cross_entropy

        query_term = info_nce(batch.positive / batch.temperature, batch.query_sum())
        logits = batch.key @ batch.query.T / batch.temperature
        return self.weighed(query_term, cross_entropy(logits, arange(len(logits), device=logits.device)))
