"""NVIDIA's management library, through `pynvml` where that is installed (untested: no GPU was at hand)."""

import importlib
from typing import Any

import psutil
import torch


def device_handle(device: torch.device) -> tuple[Any, Any] | None:
    """The library and its handle of a CUDA device; None where there is no library, driver or permission."""
    if device.type != "cuda":
        return None
    try:
        library = importlib.import_module("pynvml")
        library.nvmlInit()
        uuid = torch.cuda.get_device_properties(device).uuid
        return library, library.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    except Exception:  # whatever a missing driver raises: it means that nothing can be asked
        return None


def process_memory_of(device: torch.device) -> int | None:
    """Bytes of the device that this process holds, context included; None where NVML doesn't say."""
    found = device_handle(device)
    if found is None:
        return None
    library, handle = found
    own = psutil.Process().pid
    for process in library.nvmlDeviceGetComputeRunningProcesses(handle):
        if process.pid == own and process.usedGpuMemory is not None:
            return int(process.usedGpuMemory)
    return None


def joules_of(device: torch.device) -> float | None:
    """Energy that the device has used since its driver was loaded; None where NVML doesn't say."""
    found = device_handle(device)
    if found is None:
        return None
    library, handle = found
    try:
        return float(library.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1000
    except Exception:  # a device without that counter
        return None
