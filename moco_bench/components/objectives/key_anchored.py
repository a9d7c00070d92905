"""The most literal reading of the dual-view loss."""

from typing import ClassVar, Literal

from moco_bench.components.objectives.base import Terms, info_nce
from moco_bench.components.objectives.reading import Reading
from moco_bench.components.types import Batch


class KeyAnchored(Reading):
    """L_k is L_q with query and key exchanged: the key against the queue, its negatives chosen by its similarity.

    Its gradient for q_i is -(1 - p_k) k_i / tau, attraction without repulsion: nothing but the positive holds a query.
    """

    cost: ClassVar[str] = "one more B x K product; no more forward passes"

    name: Literal["key-anchored"] = "key-anchored"

    def terms(self, batch: Batch) -> Terms:
        positive = batch.positive / batch.temperature
        return self.weighed(info_nce(positive, batch.query_sum()), info_nce(positive, batch.key_sum()))
