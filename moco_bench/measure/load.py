"""Was this process alone on its machine? A timing means little without the answer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

import psutil

EXCLUSIVE_BELOW = 0.05
"""Share of the machine's processor time that others may use before a timing no longer counts as undisturbed."""

STEADY_BELOW = 1.15
"""Third over first quartile of one fixed piece of work's times, from which on the machine itself was unsteady."""


def steadiness(milliseconds: Sequence[float]) -> float | None:
    """Third over first quartile; None for fewer than four times, which say nothing about a spread."""
    if len(milliseconds) < 4:
        return None
    low, _, high = quantiles(milliseconds, n=4, method="inclusive")
    return high / low if low > 0 else None


@dataclass(frozen=True)
class LoadSample:
    """Processor seconds so far: of the whole machine, and of this process with its children."""

    wall: float
    machine_busy: float
    own: float
    cores: int


def sample_load() -> LoadSample:
    """Read the counters."""
    times = psutil.cpu_times()
    # `steal` is time that a hypervisor gave to other guests: foreign load that no process list shows.
    busy = sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
    own = psutil.Process().cpu_times()
    return LoadSample(
        wall=time.monotonic(),
        machine_busy=busy,
        own=own.user + own.system + own.children_user + own.children_system,
        cores=psutil.cpu_count() or 1,
    )


def foreign_load(start: LoadSample, end: LoadSample) -> float:
    """Share of the machine's processor time between two samples that went to others, in [0, 1]."""
    available = max(end.wall - start.wall, 1e-9) * end.cores
    foreign = (end.machine_busy - start.machine_busy) - (end.own - start.own)
    return min(max(foreign / available, 0.0), 1.0)
