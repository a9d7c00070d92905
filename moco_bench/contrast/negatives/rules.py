"""Which keys of the queue are an anchor's negatives: one small class a rule.

Every rule is a band of ranks in some order of the queue, seen from each anchor, so that a rule needs no code for large
queues, masks or ties: `selection` and `histogram` carry out whatever a rule describes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal, cast

import torch

from moco_bench.suite.config import (
    NegativesConfig,
    RuleAll,
    RuleBand,
    RuleDropHardest,
    RuleEasiest,
    RuleHardest,
    RuleRandom,
    RuleThreshold,
)


@dataclass(frozen=True)
class Ranks:
    """A rule's wish for one pass over the queue: keep the ranks [first, last) of `order`.

    Attributes:
        order: how an anchor sorts the queue. Equal places are settled by the slot: the lower one comes first.
        first: rank of the first key that is kept.
        last: rank behind the last key that is kept; None for the end of the queue.
        above: keys of a cosine similarity above this are kept too, whatever their rank.
        seed: of the order `random`.
    """

    order: Literal["hardest-first", "easiest-first", "random"] = "hardest-first"
    first: int = 0
    last: int | None = None
    above: float | None = None
    seed: tuple[int, int] = (0, 0)


class Negatives(ABC):
    """A rule that selects negatives. Selection has no gradient: it decides which keys take part in the sum."""

    @abstractmethod
    def ranks(self, queue_size: int) -> Ranks:
        """Describe what is kept of a queue of `queue_size` keys.

        Raises:
            ValueError: the rule asks for more keys than the queue holds, or for none.
        """

    def preview(self, queue_size: int) -> Ranks:
        """What the next call of `ranks` will give, leaving a random rule's generator as it is."""
        return self.ranks(queue_size)


@dataclass(frozen=True)
class All(Negatives):
    """The whole queue (MoCo, He et al. 2020)."""

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`."""
        return Ranks()


@dataclass(frozen=True)
class _Share(Negatives):
    """A number of keys, given as `count` or as a `fraction` of the queue: k = max(1, round(fraction K))."""

    default_fraction: ClassVar[float] = 0.25

    fraction: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if self.fraction is not None and self.count is not None:
            raise ValueError("fraction and count exclude each other: give one of them")
        if self.fraction is None and self.count is None:
            object.__setattr__(self, "fraction", self.default_fraction)
        if self.fraction is not None and not 0 < self.fraction <= 1:
            raise ValueError(f"fraction must lie in (0, 1], got {self.fraction}")
        if self.count is not None and self.count < 1:
            raise ValueError(f"count must be at least 1, got {self.count}")

    def size(self, queue_size: int) -> int:
        """The number of keys."""
        if self.fraction is not None:
            return max(1, round(self.fraction * queue_size))
        count = cast(int, self.count)
        if count > queue_size:
            raise ValueError(f"count must be at most {queue_size}, the size of the queue, got {count}")
        return count


@dataclass(frozen=True)
class Hardest(_Share):
    """The most similar keys: our reading of the filter of arXiv 2501.16360 (see also Cai et al. 2010.06682)."""

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`. By default a quarter of the queue."""
        return Ranks(last=self.size(queue_size))


@dataclass(frozen=True)
class Easiest(_Share):
    """The least similar keys: a control of `Hardest`."""

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`. By default a quarter of the queue."""
        return Ranks("easiest-first", last=self.size(queue_size))


@dataclass(frozen=True)
class Random(_Share):
    """A random part of the queue, another one for each anchor and each call: a control of `Hardest`.

    Attributes:
        generator: from which each call draws its seed; by default one of the rule's own, seeded with 0.
    """

    generator: torch.Generator | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.generator is None:
            object.__setattr__(self, "generator", torch.Generator().manual_seed(0))

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`. By default a quarter of the queue. Advances the generator."""
        source = cast(torch.Generator, self.generator)
        low, high = torch.randint(-(2**31), 2**31, (2,), generator=source, device=source.device).tolist()
        return Ranks("random", last=self.size(queue_size), seed=(low, high))

    def preview(self, queue_size: int) -> Ranks:
        """See `Negatives.preview`."""
        source = cast(torch.Generator, self.generator)
        state = source.get_state()
        try:
            return self.ranks(queue_size)
        finally:
            source.set_state(state)


@dataclass(frozen=True)
class DropHardest(_Share):
    """All but the most similar keys, which are suspected false negatives (Cai et al. 2010.06682)."""

    default_fraction: ClassVar[float] = 0.001

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`. By default 0.1 % of the queue, and at least one key, is dropped."""
        dropped = self.size(queue_size)
        if dropped >= queue_size:
            raise ValueError(f"drop-hardest must leave at least one of {queue_size} keys, but drops {dropped}")
        return Ranks(first=dropped)


@dataclass(frozen=True)
class Band(Negatives):
    """The ranks [inner, outer) by similarity, as fractions of the queue (ring, Wu et al. 2010.02037)."""

    inner: float = 0.01
    outer: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.inner < self.outer <= 1:
            raise ValueError(f"inner and outer must hold 0 <= inner < outer <= 1, got {self.inner} and {self.outer}")

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`. At least one key is kept."""
        first = min(round(self.inner * queue_size), queue_size - 1)
        return Ranks(first=first, last=max(first + 1, round(self.outer * queue_size)))


@dataclass(frozen=True)
class Threshold(Negatives):
    """Keys whose cosine similarity is above `similarity`, and at least the `minimum` most similar ones."""

    similarity: float
    minimum: int = 1

    def __post_init__(self) -> None:
        if not -1 <= self.similarity <= 1:
            raise ValueError(f"similarity must lie in [-1, 1], got {self.similarity}")
        if self.minimum < 1:
            raise ValueError(f"minimum must be at least 1, got {self.minimum}")

    def ranks(self, queue_size: int) -> Ranks:
        """See `Negatives.ranks`."""
        if self.minimum > queue_size:
            raise ValueError(f"minimum must be at most {queue_size}, the size of the queue, got {self.minimum}")
        return Ranks(last=self.minimum, above=float(self.similarity))


def negatives_from(config: NegativesConfig, generator: torch.Generator | None = None) -> Negatives:
    """Make the rule that a suite asks for. `generator` serves `random`, and is needed by no other rule.

    Raises:
        ValueError: the settings exclude each other.
    """
    match config:
        case RuleAll():
            return All()
        case RuleHardest():
            return Hardest(config.fraction, config.count)
        case RuleEasiest():
            return Easiest(config.fraction, config.count)
        case RuleDropHardest():
            return DropHardest(config.fraction, config.count)
        case RuleRandom():
            return Random(config.fraction, config.count, generator)
        case RuleBand():
            return Band(config.inner, config.outer)
        case RuleThreshold():
            return Threshold(config.similarity, config.minimum)
