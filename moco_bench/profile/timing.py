"""Time of a step by part, of several arms side by side: interleaved, so that what changes on the machine hits all."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from moco_bench.measure.laps import Laps
from moco_bench.measure.load import foreign_load, sample_load
from moco_bench.measure.surroundings import reference_milliseconds
from moco_bench.profile.bench import Bench

STEP = "step"
T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """One measurement.

    Attributes:
        arm: which arm's step.
        repeat: the round over all arms, from 0.
        number: of the step within its round, from 0.
        part: of the step, or `step`: a whole one, without a clock inside of it.
        milliseconds: how long.
        foreign_load: share of the machine that others had during this arm's turn.
        reference_ms: the same piece of work just before this arm's turn.
    """

    arm: str
    repeat: int
    number: int
    part: str
    milliseconds: float
    foreign_load: float
    reference_ms: float


def time_steps(benches: Mapping[str, Bench], *, repeats: int, steps: int, warmup_steps: int) -> list[Sample]:
    """Time `steps` whole steps and as many part by part of each arm, in `repeats` rounds over all arms.

    Each turn begins with `warmup_steps` that don't count: another arm has just used the caches. Whole and divided steps
    alternate. The order of the arms rotates from round to round.
    """
    samples = []
    for repeat in range(repeats):
        for arm in rotated(list(benches), repeat):
            samples += _turn(arm, benches[arm], repeat, steps, warmup_steps)
    return samples


def rotated(items: Sequence[T], by: int) -> list[T]:
    """The same items in the same circle, beginning `by` places on."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


def _turn(arm: str, bench: Bench, repeat: int, steps: int, warmup_steps: int) -> list[Sample]:
    reference = reference_milliseconds()
    for _ in range(warmup_steps):
        bench.step()
    before = sample_load()
    times = [(whole_step(bench), divided_step(bench)) for _ in range(steps)]
    load = foreign_load(before, sample_load())
    return [
        Sample(arm, repeat, number, part, 1000 * seconds, load, reference)
        for number, (whole, divided) in enumerate(times)
        for part, seconds in {STEP: whole, **divided}.items()
    ]


def whole_step(bench: Bench) -> float:
    """Seconds of one step, with no clock inside of it."""
    bench.synchronise()
    began = time.perf_counter()
    bench.step()
    bench.synchronise()
    return time.perf_counter() - began


def divided_step(bench: Bench) -> dict[str, float]:
    """Seconds of each part of one step. On CUDA the clock waits for the device between parts, so they can't overlap."""
    laps = Laps(bench.synchronise)
    bench.step(laps)
    return laps.stop()
