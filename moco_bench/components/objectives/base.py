"""The base class of losses, and the terms of a loss."""

from dataclasses import dataclass
from typing import Any, ClassVar

from moco_bench.components.base import Component
from moco_bench.components.types import Batch, Tensor


@dataclass(frozen=True)
class Terms:
    """The parts of a loss: scalars that can be differentiated. The loss is their weighted sum.

    Attributes:
        query: what the queries are compared with, such as the mean of L_q.
        key: what a dual-view loss adds, such as the mean of L_k.
        weights: of the two.
    """

    query: Tensor
    key: Tensor | None = None
    weights: tuple[float, float] = (1.0, 1.0)

    @property
    def query_part(self) -> Tensor:
        """The first term times its weight."""
        return self.query if self.weights[0] == 1 else self.weights[0] * self.query

    @property
    def key_part(self) -> Tensor | None:
        """The second term times its weight."""
        return None if self.key is None else self.weights[1] * self.key

    @property
    def total(self) -> Tensor:
        """The loss."""
        key = self.key_part
        return self.query_part if key is None else self.query_part + key


class Objective(Component):
    """A loss of a batch of queries and keys, and of a queue.

    Attributes:
        swaps_views: the training step forms it twice, with the views exchanged, and takes the mean.
        needs_query_queue: it is compared with a queue of past queries.
        reading: whether it is a reading of the paper's dual-view loss, which a suite names as `dual_view`.
    """

    kind: ClassVar[str] = "objective"
    tag: ClassVar[str] = "name"
    swaps_views: ClassVar[bool] = False
    needs_query_queue: ClassVar[bool] = False
    reading: ClassVar[bool] = False
    flags: ClassVar[tuple[str, ...]] = ("swaps_views", "needs_query_queue")

    @classmethod
    def mistake(cls) -> str | None:
        """See `Component.mistake`."""
        if cls.reading and not cls.__module__.startswith("moco_bench."):
            return "the readings of the dual view are the package's own; leave `reading` False"
        return "has no method `terms`" if cls.terms is Objective.terms else None

    def terms(self, batch: Batch) -> Terms:
        """The loss as its terms. Only `batch.query` may receive a gradient."""
        raise NotImplementedError

    def of_both(self, first: Tensor, second: Tensor) -> Tensor:
        """The loss of a step that computes it twice, with the views exchanged."""
        return (first + second) / 2

    def amounts_to(self) -> tuple[Any, ...]:
        """A canonical form of the loss: equal for losses that train the same encoder."""
        return (self.title(), self.settings())


def info_nce(positive: Tensor, log_sum: Tensor) -> Tensor:
    """Mean of -log e^s / (e^s + e^l) = -log sigmoid(s - l), which stays exact where the loss is nearly zero.

    Args:
        positive: logits of the positive pairs, [B].
        log_sum: logarithms of the sums over negatives, [B]; minus infinity where there is none.
    """
    from torch.nn.functional import logsigmoid

    return -logsigmoid(positive - log_sum).mean()
