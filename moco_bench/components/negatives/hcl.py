"""Contrastive learning with hard negative samples: debiased, and weighing negatives by how hard they are."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import Positive
from moco_bench.components.negatives.base import Negatives
from moco_bench.components.negatives.debiased import corrected
from moco_bench.components.types import Pairs, Tensor


class HCL(Negatives):
    """Negatives weighed by e^(beta s/tau), of mean weight 1, in the sum of `debiased`.

    With w_j = e^{beta s_j/tau} the sum over negatives is R = sum_j w_j e^{s_j/tau} / mean_j w_j. The gradient passes
    through the weights, as in the authors' code.
    """

    source: ClassVar[str] = "Robinson et al. 2021 (arXiv 2010.04592), importance sampling; their tau is 0.5"
    cost: ClassVar[str] = "one more pass over the queue"

    rule: Literal["hcl"] = "hcl"
    beta: Positive = Field(1.0, description="Concentration on hard negatives; near 0 it is `debiased`.")
    positive_prior: float = Field(
        0.1, ge=0, lt=1, description="The probability that a key has the anchor's class; 0 leaves the correction out."
    )

    def log_sum(self, pairs: Pairs, temperature: float) -> Tensor:
        weighed = pairs.log_sum(temperature / (1 + self.beta))
        weights = pairs.log_sum(temperature / self.beta)
        count = pairs.count()
        log_sum = (weighed - weights + count.log()).masked_fill(count == 0, -float("inf"))
        return corrected(log_sum, pairs, temperature, self.positive_prior)
