"""NVIDIA's management library, through `pynvml` where that is installed (untested: no GPU was at hand)."""

import importlib
from typing import Any, NamedTuple

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
    try:
        processes = library.nvmlDeviceGetComputeRunningProcesses(handle)
    except Exception:  # a device without that, or no right to ask
        return None
    for process in processes:
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


THROTTLED_BY = {
    "SwPowerCap": "power cap",
    "HwSlowdown": "hardware slowdown",
    "SwThermalSlowdown": "heat (driver)",
    "HwThermalSlowdown": "heat (hardware)",
    "HwPowerBrakeSlowdown": "power brake",
}
"""Reasons for a lower clock that nobody chose, by NVML's name: idleness and clocks that were set aren't among them."""

BUSY_ABOVE = 5
"""Per cent of the device's time that one other process may use before the device counts as shared."""


class DeviceNeighbours(NamedTuple):
    """Other processes that compute on a device.

    Attributes:
        others: how many hold memory of it.
        busy: whether they used it; None where NVML doesn't say.
    """

    others: int
    busy: bool | None


def throttle_reasons_of(device: torch.device) -> list[str] | None:
    """Why the device's clock is held down right now; empty where it isn't, None where NVML doesn't say."""
    found = device_handle(device)
    if found is None:
        return None
    library, handle = found
    try:
        bits = int(library.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
    except Exception:  # a device or driver without that
        return None
    prefix = "nvmlClocksThrottleReason"
    return [words for name, words in THROTTLED_BY.items() if bits & int(getattr(library, prefix + name, 0))]


def neighbours_on(device: torch.device, since_microseconds: int = 0) -> DeviceNeighbours | None:
    """Other processes on the device, and whether one was busy since that time of the clock; None where NVML is mute."""
    found = device_handle(device)
    if found is None:
        return None
    library, handle = found
    own = psutil.Process().pid
    try:
        others = {process.pid for process in library.nvmlDeviceGetComputeRunningProcesses(handle)} - {own}
    except Exception:
        return None
    if not others:
        return DeviceNeighbours(0, False)
    try:
        samples = library.nvmlDeviceGetProcessUtilization(handle, since_microseconds)
    except Exception:  # no right to ask, or none was sampled
        return DeviceNeighbours(len(others), None)
    busy = any(sample.pid in others and sample.smUtil > BUSY_ABOVE for sample in samples)
    return DeviceNeighbours(len(others), busy)
