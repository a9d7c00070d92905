"""Disturbances during a measurement: other processes, throttling, changes of clock speed."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from moco_bench.measure.load import EXCLUSIVE_BELOW, LoadSample, foreign_load, sample_load
from moco_bench.measure.nvml import neighbours_on, throttle_reasons_of
from moco_bench.measure.quota import quota_seconds

NAMED_NEIGHBOURS = 3
HELD_BACK_FROM = 0.01
"""Fraction of the time that a quota may hold a process back before it counts as slowed."""
CPU = torch.device("cpu")
CPU_THROTTLE = "devices/system/cpu/cpu*/thermal_throttle/*_throttle_count"

Busy = dict[tuple[int, float], tuple[str, float]]
"""Of each process, by its number and the time it began at: its name, and the processor seconds since then."""


@dataclass(frozen=True)
class Watch:
    """The counters at one moment."""

    load: LoadSample
    busy: Busy
    throttled: int | None
    quota_seconds: float | None
    clock_microseconds: int
    device: torch.device
    device_throttled: list[str] | None


def begin_watch(system: Path = Path("/sys"), device: torch.device = CPU) -> Watch:
    """Read all counters, including those of `device`."""
    return Watch(
        sample_load(),
        _processor_seconds(),
        _throttle_count(system),
        quota_seconds(system),
        time.time_ns() // 1000,
        device,
        throttle_reasons_of(device),
    )


def since(start: Watch, system: Path = Path("/sys")) -> dict[str, Any]:
    """Disturbances since `start` as plain values, None where the platform can't tell.

    `foreign_load`: processor time that others had, as a share of what this process may have; `exclusive`: it was
    below 5 %, and neither heat nor a quota slowed this process down, as far as the platform tells; `neighbours`:
    the busiest of the others by name, with their share of one processor (those that the system shows us);
    `thermal_throttling`: how often the processor slowed down from heat; `quota_seconds`: how long a control group's
    quota held us back, and `slowed`, whether either did; `frequency_mhz`: now. Of a CUDA device:
    `device_throttling`, why its clock was held down at either end; `device_neighbours`, other processes on it, and
    `device_shared`, whether one of them computed: a measurement beside those, or beside some that can't be asked,
    isn't `exclusive`.
    """
    end = begin_watch(system, start.device)
    neighbours = neighbours_on(start.device, start.clock_microseconds)
    # Others that are there count as at work where NVML can't tell that they were idle.
    shared = None if neighbours is None else neighbours.others > 0 and neighbours.busy is not False
    load = foreign_load(start.load, end.load)
    throttling = _difference(start.throttled, end.throttled)
    held_back = _difference(start.quota_seconds, end.quota_seconds)
    wall = max(end.load.wall - start.load.wall, 1e-9)
    slowed = (throttling or 0) > 0 or (held_back or 0) / wall >= HELD_BACK_FROM
    busiest = busiest_since(start.busy, end.busy, wall)
    return {
        "foreign_load": load,
        "exclusive": load < EXCLUSIVE_BELOW and not shared and not slowed,
        "neighbours": [{"name": name, "processors": round(share, 3)} for name, share in busiest if share >= 0.01],
        "thermal_throttling": throttling,
        "quota_seconds": held_back,
        "slowed": slowed,
        "frequency_mhz": _frequency(),
        "device_throttling": _either(start.device_throttled, end.device_throttled),
        "device_neighbours": None if neighbours is None else neighbours.others,
        "device_shared": shared,
    }


def busiest_since(before: Busy, after: Busy, wall: float) -> list[tuple[str, float]]:
    """Names of the busiest other processes within `wall` seconds, and their share of one processor.

    A process is told by its key: numbers are used again, and the kernel's workers change their names with what they do.
    """
    shares = [
        (name, (seconds - (before[key][1] if key in before else 0.0)) / wall)
        for key, (name, seconds) in after.items()
        if key[0] != os.getpid()
    ]
    return sorted(shares, key=lambda pair: -pair[1])[:NAMED_NEIGHBOURS]


def hindered(found: Mapping[str, Any]) -> bool:
    """Whether anything but foreign load makes times unreliable, by the result of `since`."""
    return bool(found["device_shared"] or found["slowed"])


def _either(start: list[str] | None, end: list[str] | None) -> list[str] | None:
    return None if start is None and end is None else list(dict.fromkeys([*(start or []), *(end or [])]))


def _processor_seconds() -> Busy:
    found = {}
    for process in psutil.process_iter(["name", "cpu_times", "create_time"]):
        times, began = process.info["cpu_times"], process.info["create_time"]
        if times is not None and began is not None:
            found[process.pid, began] = process.info["name"] or "?", times.user + times.system
    return found


def _throttle_count(system: Path) -> int | None:
    counts = [_number(path) for path in system.glob(CPU_THROTTLE)]
    return sum(int(count) for count in counts if count is not None) if counts else None


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _frequency() -> float | None:
    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError, AttributeError):
        return None
    return round(frequency.current) if frequency is not None else None


def _difference(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start
