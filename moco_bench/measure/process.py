"""The memory of this process as the kernel counts it. Figures that a platform doesn't give are None, never zero."""

from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from moco_bench.measure.nvml import process_memory_of


@dataclass(frozen=True)
class ProcessMemory:
    """Resident memory in bytes.

    Attributes:
        rss: all resident pages.
        uss: pages that no other process shares.
        code: pages of files: libraries, mostly (Linux).
        peak: the highest `rss` since `restart_peak` (Linux).
    """

    rss: int
    uss: int | None
    code: int | None
    peak: int | None


def process_memory() -> ProcessMemory:
    """Read the counters of this process."""
    own = psutil.Process()
    try:
        uss = int(own.memory_full_info().uss)
    except (psutil.AccessDenied, AttributeError):
        uss = None
    status = _status()
    return ProcessMemory(
        rss=status.get("VmRSS", int(own.memory_info().rss)),
        uss=uss,
        code=status.get("RssFile"),
        peak=status.get("VmHWM"),
    )


def restart_peak() -> bool:
    """Let the kernel's peak start anew at what is resident now; False where it doesn't (proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status() -> dict[str, int]:
    """Memory lines of /proc/self/status in bytes; empty where there is no such file."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(size) * 1024 for name, size, _ in fields}


@dataclass(frozen=True)
class DeviceMemory:
    """Memory of one CUDA device in bytes (untested: no GPU was at hand).

    Attributes:
        allocated: peak of what tensors had.
        reserved: peak of what the allocator held, tensors or not.
        process: all that this process holds of the device, context included (NVML); None where NVML doesn't say.
    """

    allocated: int
    reserved: int
    process: int | None


def device_memory(device: torch.device) -> DeviceMemory | None:
    """Peaks since `torch.cuda.reset_peak_memory_stats`; None for a device that isn't CUDA."""
    if device.type != "cuda":
        return None
    return DeviceMemory(
        allocated=torch.cuda.max_memory_allocated(device),
        reserved=torch.cuda.max_memory_reserved(device),
        process=process_memory_of(device),
    )
