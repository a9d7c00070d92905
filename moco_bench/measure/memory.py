"""Peak memory of this process, with the counter that it comes from."""

import resource
import sys
from dataclasses import dataclass

import torch


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
    """The peak so far: of allocated device memory on CUDA (untested without one), else of the resident set."""
    if device.type == "cuda":
        return PeakMemory(
            torch.cuda.max_memory_allocated(device) / 2**20,
            "cuda allocated",
            torch.cuda.max_memory_reserved(device) / 2**20,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return PeakMemory(peak / 2**20 if sys.platform == "darwin" else peak / 2**10, "process rss")
