"""The key-anchored reading against past queries."""

from typing import ClassVar, Literal

from moco_bench.components.objectives.base import Terms, info_nce
from moco_bench.components.objectives.reading import Reading
from moco_bench.components.types import Batch


class QueryQueue(Reading):
    """L_k is that of `key-anchored` against a queue of past queries."""

    cost: ClassVar[str] = "one more B x K product and a second queue; no more forward passes"
    needs_query_queue: ClassVar[bool] = True

    name: Literal["query-queue"] = "query-queue"

    def terms(self, batch: Batch) -> Terms:
        positive = batch.positive / batch.temperature
        of_query, of_key = batch.query_sum(), batch.key_sum(batch.past_queries)
        return self.weighed(info_nce(positive, of_query), info_nce(positive, of_key))
