"""Measurements as rows of tables."""

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from moco_bench.measure.allocations import MIB
from moco_bench.measure.load import EXCLUSIVE_BELOW, STEADY_BELOW, steadiness
from moco_bench.profile.accounting import PEAK, TENSOR_PARTS, MemoryByCause
from moco_bench.profile.timing import STEP, Sample

TableRow = dict[str, Any]

TIMELINE_POINTS = 120


def memory_rows(arm: str, phase: str, measured: MemoryByCause) -> list[TableRow]:
    """MiB by part; the parts, `unattributed` among them, add up to `peak`."""
    parts = {**measured.parts, PEAK: measured.peak}
    return [{"arm": arm, "phase": phase, "part": part, "mib": size} for part, size in parts.items()]


def counter_rows(arm: str, phase: str, measured: MemoryByCause) -> list[TableRow]:
    """Other counters' figures for the same phase; None where a platform can't tell."""
    return [
        {"arm": arm, "phase": phase, "counter": counter, "mib": size} for counter, size in measured.counters.items()
    ]


def timeline_rows(arm: str, measured: MemoryByCause) -> list[TableRow]:
    """Live tensor MiB by part over one step, thinned; `during` is the current part of the step."""
    timeline = measured.timeline.thinned(TIMELINE_POINTS)
    rows = []
    for seconds, live in zip(timeline.seconds, timeline.live, strict=True):
        sizes = dict(zip(timeline.parts, live, strict=True))
        rows.append(
            {
                "arm": arm,
                "ms": 1000 * float(seconds),
                "during": _during(measured, seconds),
                **{part: int(sizes.get(part, 0)) / MIB for part in TENSOR_PARTS},
            }
        )
    return rows


def part_rows(arm: str, measured: MemoryByCause) -> list[TableRow]:
    """Each tensor part's own highest value, and its value at the step's peak.

    `highest_during` is the part of the step in which it was highest first, `peak_during` that of the step's peak.
    """
    timeline = measured.timeline
    at_peak, peak_during = timeline.at_peak(), _during(measured, timeline.peak_seconds())
    return [
        {
            "arm": arm,
            "part": part,
            "highest_mib": timeline.highest(part) / MIB,
            "at_peak_mib": at_peak.get(part, 0) / MIB,
            "highest_during": _during(measured, timeline.peak_seconds(part)),
            "peak_during": peak_during,
        }
        for part in TENSOR_PARTS
    ]


def _during(measured: MemoryByCause, seconds: float) -> str:
    """The current part of the step at a time; empty before the first part."""
    place = bisect.bisect_right([began for began, _ in measured.marks], seconds)
    return measured.marks[place - 1][1] if place else ""


def time_rows(
    samples: Sequence[Sample], batch_sizes: Mapping[str, int], baseline: str, *, hindered: bool = False
) -> list[TableRow]:
    """One row per arm and part: median and quartiles over rounds, of each round's fastest step.

    `ratio` is to the baseline's same part in the same round, so that a slow minute of the machine cancels out; its
    median and quartiles are over rounds, too. `in_references` is the time in units of the fixed work just before, for
    the same reason: it is what repeats from one profile to the next (decision 047). `images_per_second` is of whole
    steps. `exclusive` needs little foreign load, a reference that took the same time before every turn
    (`reference_spread`, its third over its first quartile), a device of one's own, and neither heat nor a quota:
    `hindered` says that one of the last three was missing.
    """
    rounds, references = _fastest_of_rounds(samples), _references(samples)
    spreads = reference_spreads(samples)
    rows = []
    for (arm, part), times in rounds.items():
        median, low, high = _quartiles(list(times.values()))
        load = float(np.mean([sample.foreign_load for sample in samples if sample.arm == arm]))
        spread = spreads[arm]
        steady = spread is None or spread <= STEADY_BELOW
        rows.append(
            {
                "arm": arm,
                "part": part,
                "median_ms": median,
                "q1": low,
                "q3": high,
                "images_per_second": 1000 * batch_sizes[arm] / median if part == STEP and median else None,
                **_ratios("ratio", times, rounds.get((baseline, part), {})),
                "rounds": len(times),
                "foreign_load": load,
                "exclusive": load < EXCLUSIVE_BELOW and steady and not hindered,
                "reference_spread": spread,
                **_ratios("in_references", times, references[arm]),
            }
        )
    return rows


def reference_spreads(samples: Sequence[Sample]) -> dict[str, float | None]:
    """Steadiness of the reference work before each arm's turns; None with too few turns."""
    return {arm: steadiness(list(times.values())) for arm, times in _references(samples).items()}


def _references(samples: Sequence[Sample]) -> dict[str, dict[int, float]]:
    """Milliseconds of the reference work before each turn, by arm and round."""
    turns: dict[str, dict[int, float]] = {}
    for sample in samples:
        turns.setdefault(sample.arm, {})[sample.repeat] = sample.reference_ms
    return turns


def clock_overhead(samples: Sequence[Sample]) -> float | None:
    """Relative overhead of the clock inside steps: median over arms and rounds."""
    divided: dict[tuple[str, int, int], float] = {}
    whole: dict[tuple[str, int, int], float] = {}
    for sample in samples:
        key, target = (sample.arm, sample.repeat, sample.number), whole if sample.part == STEP else divided
        target[key] = target.get(key, 0.0) + sample.milliseconds
    return float(np.median([divided[key] / whole[key] for key in whole])) - 1 if whole else None


def _fastest_of_rounds(samples: Sequence[Sample]) -> dict[tuple[str, str], dict[int, float]]:
    """Milliseconds by arm, part and round: of the fastest whole step, and of the parts of the fastest divided step.

    A step computes the same each time, and what else happens on the machine only ever adds to it.
    """
    steps: dict[tuple[str, int, bool], dict[int, dict[str, float]]] = {}
    for sample in samples:
        turn = steps.setdefault((sample.arm, sample.repeat, sample.part == STEP), {})
        turn.setdefault(sample.number, {})[sample.part] = sample.milliseconds
    rounds: dict[tuple[str, str], dict[int, float]] = {}
    for (arm, repeat, _), turn in steps.items():
        fastest = min(turn.values(), key=lambda parts: sum(parts.values()))
        for part, milliseconds in fastest.items():
            rounds.setdefault((arm, part), {})[repeat] = milliseconds
    return rounds


def _ratios(name: str, times: Mapping[int, float], base: Mapping[int, float]) -> TableRow:
    """Median and quartiles of the times relative to others of the same rounds."""
    ratios = [time / base[repeat] for repeat, time in times.items() if base.get(repeat, 0.0) > 0]
    return dict(zip((name, f"{name}_q1", f"{name}_q3"), _quartiles(ratios), strict=True))


def _quartiles(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Median, first and third quartile."""
    if not values:
        return None, None, None
    low, median, high = np.percentile(values, [25, 50, 75])
    return float(median), float(low), float(high)
