"""Dual temperature: one temperature for what is between anchors, another for what is within an anchor's negatives."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.objectives.base import Objective, Terms
from moco_bench.components.types import Batch


class DualTemperature(Objective):
    """L_q, each anchor weighed by (1 - p at `ratio` tau) / (1 - p at tau), which has no gradient.

    p is the softmax probability of the positive. The weight takes the place of 1 - p at tau, by which the gradient of
    an anchor is scaled, by that at a higher temperature; how negatives of one anchor are weighed stays that of tau.
    """

    source: ClassVar[str] = "Zhang et al. 2022 (arXiv 2203.17248), the dual-temperature loss; tau 0.1, ratio 10"
    cost: ClassVar[str] = "one more pass over the queue"

    name: Literal["dual-temperature"] = "dual-temperature"
    ratio: float = Field(10.0, gt=0, le=1000, description="The other temperature over tau.")

    def terms(self, batch: Batch) -> Terms:
        from torch.nn.functional import logsigmoid

        other = self.ratio * batch.temperature
        margin = batch.positive / batch.temperature - batch.query_sum()
        at_other = (batch.positive / other - batch.query_sum(other)).detach()
        # log (1 - p) = log sigmoid(-margin)
        weight = (logsigmoid(-at_other) - logsigmoid(-margin.detach())).exp()
        weight = weight.where(margin.isfinite(), 0.0)  # no negative, no loss
        return Terms((weight * -logsigmoid(margin)).mean())
