"""Warns of filters that keep nearly all of the negatives' softmax mass, by their rule or in finished runs.

A filter that keeps nearly all of it has nearly the gradient of the whole queue, however few keys it keeps: the softmax
weighs by hardness already. A comparison with such an arm can only find no difference.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from moco_bench.files import ordinary
from moco_bench.suite.runs import Run

ADVICE = "so it hardly filters; keep fewer keys, or say `{rule: hardest, mass: 0.5}`"
HARDLY_FILTERS = 0.9


def kept_mass_of(history: Path) -> float | None:
    """Fraction of the negatives' softmax mass that was kept in the last epoch; None if the file doesn't tell."""
    try:
        with open(ordinary(history), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        value = float(rows[-1]["kept_mass"])
    except (OSError, ValueError, KeyError, IndexError, TypeError, csv.Error):
        return None
    return value if math.isfinite(value) else None


def filters_that_hardly_filter(runs: Iterable[Run], results: Path) -> Iterator[str]:
    """A line for each arm that keeps more than `HARDLY_FILTERS` of the mass: by its rule, or in finished runs.

    A rule that is given by the mass is known before any run. Of others, finished runs tell the mean.
    """
    kept: dict[str, list[float]] = {}
    declared: dict[str, float] = {}
    for run in runs:
        if not run.contrast.negatives.filters:
            continue
        mass = run.contrast.negatives.kept(run.contrast.queue_size).mass
        if mass is not None:
            declared[run.arm] = mass
        else:
            value = kept_mass_of(run.directory(results) / "history.csv")
            if value is not None:
                kept.setdefault(run.arm, []).append(value)
    for arm, mass in declared.items():
        if mass > HARDLY_FILTERS:
            yield f"arm {arm}: by its rule it keeps {100 * mass:.3g} % of the negatives' softmax mass, {ADVICE}"
    for arm, values in kept.items():
        mean = math.fsum(values) / len(values)
        if mean > HARDLY_FILTERS:
            yield (
                f"arm {arm}: its filter keeps {100 * mean:.0f} % of the negatives' softmax mass (last epoch, "
                f"{len(values)} run{'s' if len(values) > 1 else ''}), {ADVICE}"
            )
