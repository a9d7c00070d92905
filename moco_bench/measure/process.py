"""Memory of this process as the kernel counts it. Figures that a platform lacks are None, never zero."""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from moco_bench.measure.nvml import process_memory_of


@dataclass(frozen=True)
class ProcessMemory:
    """Resident memory in bytes: all pages, those that no other process shares, and of files: libraries, mostly (Linux).

    `peak`: the highest `rss` since `restart_peak` (Linux).
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
    """Reset the kernel's peak to the current resident set; False if it doesn't allow that (proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status() -> dict[str, int]:
    """Memory lines of /proc/self/status in bytes; empty if there is no such file."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(size) * 1024 for name, size, _ in fields}


@dataclass(frozen=True)
class DeviceMemory:
    """Memory of one CUDA device in bytes: peaks of what tensors and the allocator had.

    `process`: all that this process holds of the device, context included (NVML); None where NVML doesn't say.
    `workspaces`: of what is allocated, what cuBLAS's handles hold; each thread that multiplies has one, the backward
    pass's too. `graph_pools`: of what is reserved, the pools of CUDA graphs.
    """

    allocated: int
    reserved: int
    process: int | None
    workspaces: int = 0
    graph_pools: int = 0

    @property
    def context(self) -> int | None:
        """Device memory of the process outside of the allocator: the driver's context and kernel code."""
        return None if self.process is None else max(0, self.process - self.reserved)


def device_memory(device: torch.device) -> DeviceMemory | None:
    """Peaks since `torch.cuda.reset_peak_memory_stats`; None for a device that isn't CUDA."""
    if device.type != "cuda":
        return None
    return DeviceMemory(
        allocated=torch.cuda.max_memory_allocated(device),
        reserved=torch.cuda.max_memory_reserved(device),
        process=process_memory_of(device),
        workspaces=_workspaces(device),
        graph_pools=_graph_pools(device),
    )


def _workspaces(device: torch.device) -> int:
    """Bytes freed by clearing cuBLAS's workspaces; the next matmul allocates them again."""
    before = torch.cuda.memory_allocated(device)
    torch._C._cuda_clearCublasWorkspaces()
    return before - torch.cuda.memory_allocated(device)


def _graph_pools(device: torch.device) -> int:
    """Bytes of segments in private pools, such as those of CUDA graphs."""
    segments = torch.cuda.memory_snapshot()  # type: ignore[no-untyped-call]
    return sum(
        segment["total_size"]
        for segment in segments
        if segment["device"] == (device.index or 0) and tuple(segment.get("segment_pool_id", (0, 0))) != (0, 0)
    )


@dataclass(frozen=True)
class PeakMemory:
    """Peak since the process or the device's counters started, in MiB."""

    peak_memory_mib: float
    memory_source: str
    peak_reserved_mib: float | None = None


def reset_peak(device: torch.device) -> None:
    """Restart the peak where possible: on CUDA; a process's resident peak on the CPU never goes down."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> PeakMemory:
    """The peak so far: of allocated device memory on CUDA, else of the resident set."""
    if device.type == "cuda":
        return PeakMemory(
            torch.cuda.max_memory_allocated(device) / 2**20,
            "cuda allocated",
            torch.cuda.max_memory_reserved(device) / 2**20,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return PeakMemory(peak / 2**20 if sys.platform == "darwin" else peak / 2**10, "process rss")
