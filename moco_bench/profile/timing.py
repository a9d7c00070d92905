"""Times of steps by part, with arms interleaved, so that changes of the machine hit all of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from moco_bench.measure.energy import joules_between, sample_energy
from moco_bench.measure.laps import Laps
from moco_bench.measure.load import foreign_load, sample_load
from moco_bench.measure.reference import ReferenceWork
from moco_bench.profile.stepper import Stepper

STEP = "step"
T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """The time of one step or of one part of a step: of the step `number` in the round `repeat` over all arms, from 0.

    `part` is `step` for a whole one, without a clock inside of it. `foreign_load`: CPU time of other processes during
    this arm's turn, as a share. `reference_ms`: time of the fixed workload just before the turn, always on the CPU.
    `joules`: energy per step in the turn; None where no energy counter can be read.
    """

    arm: str
    repeat: int
    number: int
    part: str
    milliseconds: float
    foreign_load: float
    reference_ms: float
    joules: float | None


def time_steps(steppers: Mapping[str, Stepper], *, repeats: int, steps: int, warmup_steps: int) -> list[Sample]:
    """Time `steps` whole steps and `steps` steps part by part of each arm, in `repeats` rounds over all arms.

    Each turn begins with `warmup_steps` that don't count: another arm has just used the caches. Whole and divided steps
    alternate. The order of the arms rotates from round to round.
    """
    samples, reference = [], ReferenceWork()
    for repeat in range(repeats):
        for arm in rotated(list(steppers), repeat):
            samples += _turn(arm, steppers[arm], reference, repeat, steps, warmup_steps)
    return samples


def rotated(items: Sequence[T], by: int) -> list[T]:
    """The items rotated by `by` places."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


def _turn(
    arm: str, stepper: Stepper, reference: ReferenceWork, repeat: int, steps: int, warmup_steps: int
) -> list[Sample]:
    stepper.use_threads()
    reference_ms = reference.milliseconds()
    stepper.steps(warmup_steps)
    device = stepper.numerics.device
    stepper.synchronise()  # warm-up that is still under way on the device would be charged to the steps
    before, energy = sample_load(), sample_energy(device)
    times = [(whole_step(stepper), divided_step(stepper)) for _ in range(steps)]
    load, joules = foreign_load(before, sample_load()), joules_between(energy, sample_energy(device))
    per_step = None if joules is None else joules / (2 * steps)
    return [
        Sample(arm, repeat, number, part, 1000 * seconds, load, reference_ms, per_step)
        for number, (whole, divided) in enumerate(times)
        for part, seconds in {STEP: whole, **divided}.items()
    ]


def whole_step(stepper: Stepper) -> float:
    """Seconds of one step, without a clock inside."""
    stepper.synchronise()
    began = time.perf_counter()
    stepper.step()
    stepper.synchronise()
    return time.perf_counter() - began


def divided_step(stepper: Stepper) -> dict[str, float]:
    """Seconds of each part of one step. On CUDA the device is synchronised between parts, so they can't overlap."""
    laps = Laps(stepper.synchronise)
    stepper.step(laps)
    return laps.stop()
