"""The base class of metrics, and what they can measure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from moco_bench.components.base import Component
from moco_bench.components.types import Generator, Tensor


@dataclass(frozen=True)
class Embedded:
    """N images as a frozen encoder sees them, without augmentation; on the CPU.

    Attributes:
        features: of the backbone, float32 [N, F].
        projections: of the head, where the loss acts, float32 [N, D], not normalised.
        labels: int64 [N].
    """

    features: Tensor
    projections: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Evaluation:
    """What there is to measure of one run.

    Attributes:
        bank: the training images.
        test: the images that are evaluated on.
        classes: how many there are.
        settings: of the suite's section `evaluate`, as plain values.
        generator: random numbers of this run under a name: equal names, equal numbers.
    """

    bank: Embedded
    test: Embedded
    classes: int
    settings: Mapping[str, Any]
    generator: Callable[[str], Generator]


class Metric(Component):
    """One number about a trained encoder: a column of `runs.csv` that effects are computed of.

    Attributes:
        heading: as tables show it; by default the name.
        unit: `%` for values from 0 to 100, whose differences are percentage points; empty where there is none.
        better: the side that is better; None where neither is.
        decimals: that are shown.
    """

    kind: ClassVar[str] = "metric"
    tag: ClassVar[str] = "name"
    heading: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    better: ClassVar[Literal["higher", "lower"] | None] = None
    decimals: ClassVar[int] = 3
    flags: ClassVar[tuple[str, ...]] = ("heading", "unit", "better", "decimals")

    @classmethod
    def column(cls) -> str:
        """The metric's key in `metrics.json` and column in `runs.csv`: its name with `_` for `-`."""
        return str(cls.title()).replace("-", "_")

    @classmethod
    def shown(cls) -> str:
        """The heading."""
        return cls.heading or cls.column().replace("_", " ").capitalize()

    @classmethod
    def mistake(cls) -> str | None:
        """See `Component.mistake`."""
        if not cls.column().isidentifier():
            return f"{cls.title()!r}: a metric's name has letters, digits, - and _, and doesn't begin with a digit"
        if cls.better not in ("higher", "lower", None):
            return f"`better` is {cls.better!r}; 'higher', 'lower' or None would be right"
        if isinstance(cls.decimals, bool) or not isinstance(cls.decimals, int) or not 0 <= cls.decimals <= 12:
            return f"`decimals` is {cls.decimals!r}; a whole number from 0 to 12 would be right"
        if not isinstance(cls.unit, str) or not isinstance(cls.heading, str):
            return "`unit` and `heading` are texts"
        if cls.compute is Metric.compute:
            return "has no method `compute(evaluation)`"
        return None

    def compute(self, evaluation: Evaluation) -> float | None:
        """The metric's value; None if these images have none, such as a metric of pairs for a single image."""
        raise NotImplementedError
