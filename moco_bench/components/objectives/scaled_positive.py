"""A control of the readings."""

from typing import ClassVar, Literal

from moco_bench.components.objectives.base import Terms, info_nce
from moco_bench.components.objectives.reading import Reading
from moco_bench.components.types import Batch


class ScaledPositive(Reading):
    """A control, no reading: L_k is L_q with its sum over negatives held constant, so that only attraction grows.

    It has L_q's value and the gradient -(1 - p_q) k_i / tau. The total then has the value of L_q and the gradient
    -(1 - p_q) k_i / tau + (1 - w) sum_j p_j n_j / tau: it is (1 - w) L_q with its attraction multiplied by
    1 / (1 - w), which is what `key-anchored` amounts to where p_k = p_q.
    """

    source: ClassVar[str] = ""

    name: Literal["scaled-positive"] = "scaled-positive"

    def terms(self, batch: Batch) -> Terms:
        positive, query_sum = batch.positive / batch.temperature, batch.query_sum()
        return self.weighed(info_nce(positive, query_sum), info_nce(positive, query_sum.detach()))
