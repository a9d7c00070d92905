"""The symmetric loss: both views are queries in turn."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.objectives.base import Objective, Terms, info_nce
from moco_bench.components.types import Batch, Tensor


class Symmetric(Objective):
    """The mean of two L_q, the second with the views exchanged; their sum, as in MoCo's demo, with `combine: sum`."""

    source: ClassVar[str] = "MoCo v3, Chen et al. 2021 (arXiv 2104.02057); MoCo's CIFAR-10 demo"
    cost: ClassVar[str] = "twice the forward and backward passes"
    swaps_views: ClassVar[bool] = True
    reading: ClassVar[bool] = True

    name: Literal["symmetric"] = "symmetric"
    combine: Literal["mean", "sum"] = Field("mean", description="Of the two; the sum has twice the gradient.")

    def terms(self, batch: Batch) -> Terms:
        """See `Objective.terms`: of one of the two calls."""
        return Terms(info_nce(batch.positive / batch.temperature, batch.query_sum()))

    def of_both(self, first: Tensor, second: Tensor) -> Tensor:
        return first + second if self.combine == "sum" else super().of_both(first, second)
