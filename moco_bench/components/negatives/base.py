"""The base class of rules about negatives."""

from functools import partial
from typing import Any, ClassVar

from moco_bench.components.answers import place_of, wrong_answer
from moco_bench.components.base import Component
from moco_bench.components.ranks import Ranks
from moco_bench.components.types import Pairs, Tensor
from moco_bench.errors import InputError


class Negatives(Component):
    """A rule about negatives. Each method says one thing, and by default nothing: the whole queue, as in MoCo.

    Attributes:
        filters: whether the rule only leaves keys out; a study calls such a rule a filter.
    """

    kind: ClassVar[str] = "negatives"
    tag: ClassVar[str] = "rule"
    filters: ClassVar[bool] = False
    flags: ClassVar[tuple[str, ...]] = ("filters",)

    def ranks(self, queue_size: int, progress: float = 1.0) -> Ranks:
        """Which keys of a queue of `queue_size` are kept. Selection has no gradient.

        Args:
            queue_size: K.
            progress: how much of the training is over, from 0 to 1.

        Raises:
            ValueError: the rule asks for more keys than the queue holds, or for none.
        """
        return Ranks()

    def log_weight(self, similarity: Tensor, temperature: float) -> Tensor | None:
        """The logarithm of the weight of each pair in the sum over negatives; None for a weight of 1.

        The sum is that of e^{s/temperature + log_weight(s)}. It is asked chunk by chunk of the queue, so an entry may
        depend on its own similarity alone. What it depends on takes part in the gradient, unless it is detached.

        Args:
            similarity: cosine similarities of anchors and keys, [B, C].
            temperature: tau.
        """
        return None

    def extra_keys(self, pairs: Pairs) -> Tensor | None:
        """Keys that are negatives without being in the queue: [B, S, D], S for each anchor. They get no gradient."""
        return None

    def log_sum(self, pairs: Pairs, temperature: float) -> Tensor:
        """The logarithm of the sum over negatives that a loss divides by, [B], with its gradient for the anchors.

        To be replaced by a rule that isn't a sum over keys, such as one that corrects the sum.
        """
        weighs = type(self).log_weight is not Negatives.log_weight
        log_weight = partial(self.weights_of, temperature=temperature) if weighs else None
        extra = self.extra_keys(pairs)
        if extra is not None:
            rows, length = pairs.anchor.shape
            if getattr(extra, "ndim", 0) != 3 or (extra.shape[0], extra.shape[2]) != (rows, length):
                raise wrong_answer(self, "extra_keys", extra, f"a tensor [{rows}, S, {length}] or None")
        return pairs.log_sum(temperature, log_weight=log_weight, extra=extra)

    def weights_of(self, similarity: Tensor, temperature: float) -> Tensor | None:
        """The result of `log_weight`, checked."""
        given = self.log_weight(similarity, temperature)
        if given is None or (getattr(given, "shape", None) == similarity.shape and given.is_floating_point()):
            return given
        raise wrong_answer(self, "log_weight", given, f"floats of shape {list(similarity.shape)}")

    def kept(self, queue_size: int, progress: float = 1.0) -> Ranks:
        """The result of `ranks`, checked: the rule keeps at least one key of the queue."""
        ranks = self.ranks(queue_size, progress)
        if not isinstance(ranks, Ranks):
            raise wrong_answer(self, "ranks", ranks, "Ranks(first=..., last=...)")
        last = queue_size if ranks.last is None else ranks.last
        if not (isinstance(ranks.first, int) and isinstance(last, int) and 0 <= ranks.first < min(last, queue_size)):
            told = f"Ranks(first={ranks.first!r}, last={ranks.last!r})"
            raise InputError(
                f"{place_of(type(self), 'ranks')}: `ranks` gave {told}; whole numbers from 0 to {queue_size}, the "
                "first below the last, would be right"
            )
        return ranks

    def check(self, queue_size: int) -> None:
        """Refuse a queue that the rule can't work with. Raises `ValueError`, one line."""
        self.kept(queue_size, 1.0)

    def amounts_to(self, queue_size: int, *, masked: bool) -> tuple[Any, ...]:
        """A canonical form of the rule: equal for rules that train the same encoder.

        `masked` says whether keys of the anchor's own image are left out.
        """
        return (self.title(), self.settings())


class Selection(Negatives):
    """A rule that keeps some keys and drops the others, all through training alike."""

    filters: ClassVar[bool] = True

    def amounts_to(self, queue_size: int, *, masked: bool) -> tuple[Any, ...]:
        """See `Negatives.amounts_to`: the ranks that are kept."""
        return self.ranks(queue_size, 1.0).amount_to(queue_size, masked=masked)
