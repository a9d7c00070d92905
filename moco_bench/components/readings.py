"""The readings of the paper's dual-view loss, by the names that a suite gives as `dual_view`."""

from collections.abc import Callable
from typing import cast

from moco_bench.components.objectives.base import Objective
from moco_bench.components.registry import built_in


def readings() -> dict[str, type[Objective]]:
    """All readings, by name."""
    classes = cast(dict[str, type[Objective]], built_in("objective"))
    return {name: loss for name, loss in classes.items() if loss.reading}


def reading_of(dual_view: str, key_weight: float, combine: str = "mean") -> Objective:
    """A reading with its weight and its way to combine terms; single-term readings have neither.

    Raises:
        ValueError: there is no such reading, or the weight is outside [0, 1].
    """
    known = readings()
    if dual_view not in known:
        raise ValueError(f"dual_view must be one of {', '.join(known)}, got {dual_view!r}")
    if not 0 <= key_weight <= 1:
        raise ValueError(f"key_weight must lie in [0, 1], got {key_weight}")
    reading = known[dual_view]
    make = cast(Callable[..., Objective], reading)
    settings = {"key_weight": key_weight, "combine": combine}
    return make(**{name: value for name, value in settings.items() if name in reading.model_fields})
