"""Decoupled contrastive learning."""

from typing import ClassVar, Literal

from moco_bench.components.objectives.base import Objective, Terms
from moco_bench.components.types import Batch


class DCL(Objective):
    """L_q without the positive in its denominator: -s+/tau + log sum_j e^{s_j/tau}.

    An anchor without any negative counts as zero, as in the other losses.
    """

    source: ClassVar[str] = "Yeh et al. 2022 (arXiv 2110.06848), the loss L_DC"
    cost: ClassVar[str] = "nothing"

    name: Literal["dcl"] = "dcl"

    def terms(self, batch: Batch) -> Terms:
        log_sum = batch.query_sum()
        there = log_sum.isfinite()
        loss = (log_sum - batch.positive / batch.temperature).masked_fill(~there, 0.0)
        return Terms(loss.mean())
