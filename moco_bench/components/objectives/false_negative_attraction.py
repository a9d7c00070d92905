"""False negative cancellation by attraction: keys most similar to the other view of an image are positives as well."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import Fraction
from moco_bench.components.objectives.base import Objective, Terms
from moco_bench.components.types import Batch


class FalseNegativeAttraction(Objective):
    """Mean over the positive and the false negatives f of -log e^{s/tau} / (e^{s+/tau} + sum_j e^{s_j/tau}).

    False negatives are the keys most similar to the anchor's other view, the only support view that a step has; the
    paper takes several. They stay in the sum, as all negatives do.
    """

    source: ClassVar[str] = "Huynh et al. 2022 (arXiv 2011.11765), attraction with one support view"
    cost: ClassVar[str] = "one more B x K product, and a search for each anchor's nearest keys"

    name: Literal["false-negative-attraction"] = "false-negative-attraction"
    fraction: Fraction = Field(0.001, description="Part of the queue that are false negatives, at least one key.")
    count: Annotated[int, Field(ge=1, le=10_000)] | None = Field(None, description="So many keys, in place of a part.")

    def terms(self, batch: Batch) -> Terms:
        size = len(batch.queue)
        count = min(size, max(1, round(self.fraction * size)) if self.count is None else self.count)
        slots, there = batch.nearest(count)
        # Logits less their logarithm of the sum are all that is attracted: of the positive and of those found.
        found = (batch.query[:, None] * batch.queue[slots]).sum(dim=2) / batch.temperature
        positive = batch.positive / batch.temperature
        log_sum = positive.logaddexp(batch.query_sum())
        attracted = (positive + (found * there).sum(dim=1)) / (1 + there.sum(dim=1))
        return Terms((log_sum - attracted).mean())
