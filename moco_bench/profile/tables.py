"""Measurements as rows of tables, and tables as CSV files."""

import bisect
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moco_bench.files import write_text
from moco_bench.measure.allocations import MIB
from moco_bench.measure.load import EXCLUSIVE_BELOW
from moco_bench.profile.memory import PEAK, TENSOR_PARTS, MemoryByCause
from moco_bench.profile.timing import STEP, Sample

Row = dict[str, Any]

TIMELINE_POINTS = 120


def memory_rows(arm: str, phase: str, measured: MemoryByCause) -> list[Row]:
    """MiB by part; the parts, `unattributed` among them, add up to `peak`."""
    parts = {**measured.parts, PEAK: measured.peak}
    return [{"arm": arm, "phase": phase, "part": part, "mib": size} for part, size in parts.items()]


def counter_rows(arm: str, phase: str, measured: MemoryByCause) -> list[Row]:
    """The same phase as others count it; empty where a platform doesn't say."""
    return [
        {"arm": arm, "phase": phase, "counter": counter, "mib": size} for counter, size in measured.counters.items()
    ]


def timeline_rows(arm: str, measured: MemoryByCause) -> list[Row]:
    """Live tensor MiB by part over one step, thinned; `during` is the part of the step that was going on."""
    timeline = measured.timeline.thinned(TIMELINE_POINTS)
    begins = [seconds for seconds, _ in measured.marks]
    rows = []
    for seconds, live in zip(timeline.seconds, timeline.live, strict=True):
        place = bisect.bisect_right(begins, seconds)
        during = measured.marks[place - 1][1] if place else ""
        sizes = dict(zip(timeline.parts, live, strict=True))
        rows.append(
            {
                "arm": arm,
                "ms": 1000 * float(seconds),
                "during": during,
                **{part: int(sizes.get(part, 0)) / MIB for part in TENSOR_PARTS},
            }
        )
    return rows


def time_rows(samples: Sequence[Sample], batch_sizes: Mapping[str, int], baseline: str) -> list[Row]:
    """One row an arm and part: median and quartiles over rounds, of each round's median step.

    `ratio` is to the baseline's same part in the same round, so that a slow minute of the machine cancels out; its
    median and quartiles are over rounds, too. `images_per_second` is of whole steps.
    """
    rounds = _medians_of_rounds(samples)
    rows = []
    for (arm, part), times in rounds.items():
        median, low, high = _quartiles(list(times.values()))
        ratios = _ratios(times, rounds.get((baseline, part), {}))
        ratio, ratio_low, ratio_high = _quartiles(ratios)
        load = float(np.mean([sample.foreign_load for sample in samples if sample.arm == arm]))
        rows.append(
            {
                "arm": arm,
                "part": part,
                "median_ms": median,
                "q1": low,
                "q3": high,
                "images_per_second": 1000 * batch_sizes[arm] / median if part == STEP and median else None,
                "ratio": ratio,
                "ratio_q1": ratio_low,
                "ratio_q3": ratio_high,
                "rounds": len(times),
                "foreign_load": load,
                "exclusive": load < EXCLUSIVE_BELOW,
            }
        )
    return rows


def clock_overhead(samples: Sequence[Sample]) -> float | None:
    """Time of steps with a clock inside over time of steps without, less one: median over arms and rounds."""
    divided: dict[tuple[str, int, int], float] = {}
    whole: dict[tuple[str, int, int], float] = {}
    for sample in samples:
        key, target = (sample.arm, sample.repeat, sample.number), whole if sample.part == STEP else divided
        target[key] = target.get(key, 0.0) + sample.milliseconds
    return float(np.median([divided[key] / whole[key] for key in whole])) - 1 if whole else None


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, atomically; the columns are those of the first row. No file for no rows."""
    rows = list(rows)
    if not rows:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    write_text(path, text.getvalue())


def _medians_of_rounds(samples: Sequence[Sample]) -> dict[tuple[str, str], dict[int, float]]:
    steps: dict[tuple[str, str], dict[int, list[float]]] = {}
    for sample in samples:
        steps.setdefault((sample.arm, sample.part), {}).setdefault(sample.repeat, []).append(sample.milliseconds)
    return {key: {repeat: float(np.median(times)) for repeat, times in rounds.items()} for key, rounds in steps.items()}


def _ratios(times: Mapping[int, float], base: Mapping[int, float]) -> list[float]:
    return [time / base[repeat] for repeat, time in times.items() if base.get(repeat, 0.0) > 0]


def _quartiles(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Median, first and third quartile."""
    if not values:
        return None, None, None
    low, median, high = np.percentile(values, [25, 50, 75])
    return float(median), float(low), float(high)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.8g}"
    return "" if value is None else value
