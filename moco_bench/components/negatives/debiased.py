"""Debiased contrastive learning: the sum over negatives less what false negatives are expected to add to it."""

import math
from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.negatives.base import Negatives
from moco_bench.components.types import Pairs, Tensor


class Debiased(Negatives):
    """The sum over negatives, corrected for the false ones among them.

    With N negatives and t = `positive_prior`,

        N g = max((sum_j e^{s_j/tau} - N t e^{s+/tau}) / (1 - t), N e^{-1/tau})

    takes the place of sum_j e^{s_j/tau}. One positive stands for the M of the paper.
    """

    source: ClassVar[str] = "Chuang et al. 2020 (arXiv 2007.00224); their tau is 0.5"
    cost: ClassVar[str] = "nothing"

    rule: Literal["debiased"] = "debiased"
    positive_prior: float = Field(0.1, ge=0, lt=1, description="t, the probability that a key has the anchor's class.")

    def log_sum(self, pairs: Pairs, temperature: float) -> Tensor:
        return corrected(pairs.log_sum(temperature), pairs, temperature, self.positive_prior)


def corrected(log_sum: Tensor, pairs: Pairs, temperature: float, positive_prior: float) -> Tensor:
    """Log of max((e^`log_sum` - N t e^{s+/tau}) / (1 - t), N e^{-1/tau}), [B].

    All is kept relative to the sum: none of its terms need fit a float on its own.
    """
    count = pairs.count()
    empty = count == 0  # where numbers are put in that no gradient comes from
    log_count, log_sum = count.clamp_min(1).log(), log_sum.masked_fill(empty, 0.0)
    # The part of the sum that is expected to be false; where nothing is left, the floor holds.
    false_part = (log_count + pairs.positive / temperature - log_sum).exp() * positive_prior
    left = (1 - false_part).clamp_min(1e-30).log() + log_sum - math.log1p(-positive_prior)
    return left.maximum(log_count - 1 / temperature).masked_fill(empty, -math.inf)
