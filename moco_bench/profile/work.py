"""How much arithmetic a step does, and how near to what the machine reaches at best it does it."""

from collections.abc import Mapping, Sequence

import numpy as np

from moco_bench.measure.ceiling import Ceiling
from moco_bench.measure.flops import FlopCounter
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import Row
from moco_bench.profile.timing import STEP, Sample


def count_flops(stepper: Stepper) -> dict[str, int]:
    """Make one step and count the floating-point operations of each part."""
    counter = FlopCounter()
    with counter.counting():
        stepper.step(counter)
    return counter.flops


def work_rows(
    arm: str, flops: Mapping[str, int], times: Sequence[Row], samples: Sequence[Sample], ceiling: Ceiling, images: int
) -> list[Row]:
    """One row a part and one of the whole step: operations, operations a second, their share of the ceiling, energy.

    Args:
        arm: which arm.
        flops: by part, as `count_flops` gives them.
        times: rows of `time_rows`, of this arm among others.
        samples: those that they were made of.
        ceiling: of the same device, precision and threads.
        images: of a step.
    """
    medians = {row["part"]: row["median_ms"] for row in times if row["arm"] == arm}
    joules = [s.joules for s in samples if s.arm == arm and s.part == STEP and s.joules is not None]
    per_step = float(np.median(joules)) if joules else None
    rows = []
    for part, count in {STEP: sum(flops.values()), **flops}.items():
        per_second = 1000 * count / medians[part] if medians.get(part) else None
        rows.append(
            {
                "arm": arm,
                "part": part,
                "flops": count,
                "flops_per_second": per_second,
                "share_of_ceiling": None if per_second is None else per_second / ceiling.flops,
                "joules": per_step if part == STEP else None,
                "images_per_joule": images / per_step if per_step and part == STEP else None,
            }
        )
    return rows
