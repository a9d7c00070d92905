"""Whether this process was alone on its machine, without which a timing means little."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

import psutil

from moco_bench.measure.quota import usable_cores

EXCLUSIVE_BELOW = 0.05
"""Foreign load at and above which a timing counts as disturbed."""

STEADY_BELOW = 1.15
"""Third over first quartile of the reference work's times, above which the machine counts as unsteady."""


def steadiness(milliseconds: Sequence[float]) -> float | None:
    """Ratio of third to first quartile; None for fewer than four times, too few for a spread."""
    if len(milliseconds) < 4:
        return None
    low, _, high = quantiles(milliseconds, n=4, method="inclusive")
    return high / low if low > 0 else None


@dataclass(frozen=True)
class LoadSample:
    """Processor seconds so far: of the whole machine, and of this process with its children.

    `cores`: cores' worth of processor time that this process may have.
    """

    wall: float
    machine_busy: float
    own: float
    cores: float


def sample_load() -> LoadSample:
    """Read the counters of processor time."""
    times = psutil.cpu_times()
    # `steal` is time that a hypervisor gave to other guests: foreign load that no process list shows.
    busy = sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
    own = psutil.Process().cpu_times()
    return LoadSample(
        wall=time.monotonic(),
        machine_busy=busy,
        own=own.user + own.system + own.children_user + own.children_system,
        cores=usable_cores(),
    )


def foreign_load(start: LoadSample, end: LoadSample) -> float:
    """Processor time that others used between two samples, as a fraction of what this process may use, in [0, 1].

    Where this process is held to one of 64 cores, who takes half of that core has 0.8 % of the machine and 50 % of what
    matters here. Others on the other 63 count as well: which cores they were on isn't asked, and so a timing is rather
    called disturbed than undisturbed.
    """
    available = max(end.wall - start.wall, 1e-9) * min(start.cores, end.cores)
    foreign = (end.machine_busy - start.machine_busy) - (end.own - start.own)
    return min(max(foreign / available, 0.0), 1.0)
