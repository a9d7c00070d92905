"""The base of readings of the dual-view loss that add a key term."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import Probability
from moco_bench.components.objectives.base import Objective, Terms
from moco_bench.components.objectives.info_nce import InfoNCE
from moco_bench.components.types import Tensor


class Reading(Objective):
    """A loss (1 - w) L_q + w L_k with w = `key_weight`, or the sum L_q + w L_k."""

    source: ClassVar[str] = "our reading of arXiv 2501.16360, whose equations are not known to us"
    reading: ClassVar[bool] = True

    key_weight: Probability = Field(0.5, description="w of (1-w) L_q + w L_k.")
    combine: Literal["mean", "sum"] = Field("mean", description="`sum`: L_q + w L_k, with L_q's whole weight.")

    def weighed(self, query_term: Tensor, key_term: Tensor) -> Terms:
        """The two terms with their weights."""
        return Terms(query_term, key_term, (1.0 if self.combine == "sum" else 1 - self.key_weight, self.key_weight))

    def amounts_to(self) -> tuple[Any, ...]:
        """See `Objective.amounts_to`: without a weight there is no key term."""
        return InfoNCE().amounts_to() if self.key_weight == 0 else super().amounts_to()
