"""FLOPs of a step, and which fraction of the machine's peak it reaches."""

import math
from collections.abc import Mapping, Sequence

from moco_bench.measure.ceiling import Ceiling
from moco_bench.measure.flops import FlopCounter
from moco_bench.profile.parts import BACKWARD, KEY_FORWARD, QUERY_FORWARD
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import TableRow
from moco_bench.profile.timing import STEP, Sample

OF_ENCODERS = (QUERY_FORWARD, KEY_FORWARD, BACKWARD)
"""Parts in the run's precision; the loss is always float32."""
MEASURED, NOT_READABLE, TOO_SHORT = "measured", "not readable", "the counter never moved: too few steps"


def count_flops(stepper: Stepper) -> dict[str, int]:
    """Make one step, eagerly, and count the FLOPs of each part."""
    counter = FlopCounter()
    with stepper.eagerly(), counter:
        stepper.step(counter)
    return counter.flops


def work_rows(
    arm: str,
    flops: Mapping[str, int],
    times: Sequence[TableRow],
    samples: Sequence[Sample],
    of_encoders: Ceiling,
    of_the_rest: Ceiling,
    images: int,
) -> list[TableRow]:
    """One row per part and one per whole step of `images`: FLOPs, FLOPs per second, fraction of the peak, energy.

    `times` are the rows of `time_rows`, of this arm among others, made of `samples`. `of_encoders` is the ceiling of
    the same device, threads and precision, for the whole step as well; all other parts are computed in float32.
    """
    medians = {row["part"]: row["median_ms"] for row in times if row["arm"] == arm}
    per_step, energy = _energy([s for s in samples if s.arm == arm and s.part == STEP])
    rows = []
    for part, count in {STEP: sum(flops.values()), **flops}.items():
        per_second = 1000 * count / medians[part] if medians.get(part) else None
        ceiling = of_encoders if part in (STEP, *OF_ENCODERS) else of_the_rest
        rows.append(
            {
                "arm": arm,
                "part": part,
                "flops": count,
                "flops_per_second": per_second,
                "share_of_ceiling": None if per_second is None else per_second / ceiling.flops,
                "joules": per_step if part == STEP else None,
                "images_per_joule": images / per_step if per_step and part == STEP else None,
                "energy": energy,
            }
        )
    return rows


def _energy(samples: Sequence[Sample]) -> tuple[float | None, str]:
    """Joules per step over all rounds, and whether they could be measured.

    Over all of them: a counter that moves in steps gives a single short turn nothing or too much, and their sum what
    was used.
    """
    joules = [sample.joules for sample in samples if sample.joules is not None]
    if not joules:
        return None, NOT_READABLE
    if sum(joules) <= 0:
        return None, TOO_SHORT
    return math.fsum(joules) / len(joules), MEASURED
