"""Energy used by processor packages (RAPL) or a CUDA device (NVML), where the platform can tell."""

from dataclasses import dataclass
from pathlib import Path

import torch

from moco_bench.measure.nvml import joules_of

POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class EnergySample:
    """Energy counters at one moment, in joules; None where nothing can be read.

    `packages`: of each processor package by name, and the value at which its counter starts again from zero.
    """

    packages: dict[str, tuple[float, float]] | None
    device: float | None


def sample_energy(device: torch.device, powercap: Path = POWERCAP) -> EnergySample:
    """Read the counters. Those of processors need kernel support and read permission, mostly root's."""
    return EnergySample(_packages(powercap), joules_of(device))


def joules_between(start: EnergySample, end: EnergySample) -> float | None:
    """Energy used by processor packages and device together; None if neither is known.

    It is the whole package's, other processes' share included: it means something on a quiet machine.
    """
    known = []
    if start.packages is not None and end.packages is not None:
        for name, (joules, wraps_at) in end.packages.items():
            if name in start.packages:
                used = joules - start.packages[name][0]
                known.append(used if used >= 0 else used + wraps_at)
    if start.device is not None and end.device is not None:
        known.append(end.device - start.device)
    return sum(known) if known else None


def _packages(powercap: Path) -> dict[str, tuple[float, float]] | None:
    """Counters of zones named `package-N` (AMD's, too): other zones lie within them, or around them as `psys`."""
    found = {}
    for zone in powercap.glob("intel-rapl:*"):
        try:
            name = (zone / "name").read_text(encoding="ascii").strip()
            if not name.startswith("package-"):
                continue
            joules = int((zone / "energy_uj").read_text()) / 1e6
            wraps_at = int((zone / "max_energy_range_uj").read_text()) / 1e6
        except (OSError, ValueError):
            continue
        found[zone.name] = joules, wraps_at
    return found or None
