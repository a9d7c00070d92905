"""MoCo's loss."""

from typing import ClassVar, Literal

from moco_bench.components.objectives.base import Objective, Terms, info_nce
from moco_bench.components.types import Batch


class InfoNCE(Objective):
    """L_q alone: MoCo's InfoNCE, -log e^{q.k/tau} / (e^{q.k/tau} + sum_j e^{q.n_j/tau})."""

    source: ClassVar[str] = "MoCo, He et al. 2020 (arXiv 1911.05722)"
    reading: ClassVar[bool] = True

    name: Literal["none"] = "none"

    def terms(self, batch: Batch) -> Terms:
        return Terms(info_nce(batch.positive / batch.temperature, batch.query_sum()))
