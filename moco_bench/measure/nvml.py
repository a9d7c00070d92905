"""Asks NVIDIA's management library, through `pynvml` if it is installed (untested: there was no GPU)."""

import importlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import psutil
import torch

T = TypeVar("T")


def device_handle(device: torch.device) -> tuple[Any, Any] | None:
    """The library and its handle of a CUDA device; None where there is no library, driver or permission."""
    if device.type != "cuda":
        return None
    try:
        library = importlib.import_module("pynvml")
        library.nvmlInit()
        return library, _handle(library, torch.cuda.get_device_properties(device).uuid)
    except Exception:  # whatever a missing driver raises: it means that nothing can be asked
        return None


def _handle(library: Any, uuid: object) -> Any:
    """The handle of a card; of a MIG instance where CUDA tells the instance's UUID instead of the card's."""
    try:
        return library.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    except Exception:  # no card has that name
        return library.nvmlDeviceGetHandleByUUID(f"MIG-{uuid}")


def asked_of_card(device: torch.device, question: Callable[[Any, Any], T]) -> T | None:
    """`asked_of`, about the whole card: a MIG instance has no power, clocks or energy of its own."""

    def of_card(library: Any, handle: Any) -> T:
        with suppress(Exception):  # the handle is a card's
            handle = library.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
        return question(library, handle)

    return asked_of(device, of_card)


def asked_of(device: torch.device, question: Callable[[Any, Any], T]) -> T | None:
    """The answer to a question to NVML about a device; None where it can't be answered."""
    found = device_handle(device)
    if found is None:
        return None
    try:
        return question(*found)
    except Exception:  # a device or driver without that, or no right to ask
        return None


def process_memory_of(device: torch.device) -> int | None:
    """Bytes of the device that this process holds, context included; None if NVML can't tell."""
    processes = asked_of(device, lambda library, handle: library.nvmlDeviceGetComputeRunningProcesses(handle)) or []
    own = psutil.Process().pid
    if _under_another_number(own, processes) and len(processes) == 1:
        own = processes[0].pid
    for process in processes:
        if process.pid == own and process.usedGpuMemory is not None:
            return int(process.usedGpuMemory)
    return None


def _under_another_number(own: int, processes: Sequence[Any]) -> bool:
    """Whether NVML lists this process under a process ID that it doesn't know itself.

    In a container processes have numbers of their own; NVML tells those of the host. A process that computes on the
    device is listed, so where its number isn't, one of the others is itself.
    """
    computes = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return computes and own not in {process.pid for process in processes} and len(processes) > 0


def joules_of(device: torch.device) -> float | None:
    """Joules that the card has used since its driver was loaded; None if NVML can't tell."""
    return asked_of_card(device, lambda library, card: float(library.nvmlDeviceGetTotalEnergyConsumption(card)) / 1000)


THROTTLED_BY = {
    "SwPowerCap": "power cap",
    "HwSlowdown": "hardware slowdown",
    "SwThermalSlowdown": "heat (driver)",
    "HwThermalSlowdown": "heat (hardware)",
    "HwPowerBrakeSlowdown": "power brake",
}
"""Reasons for a throttled clock, by NVML's name; idleness and user-set clocks are not among them."""

BUSY_ABOVE = 5
"""Percent of the device's time that another process may use before the device counts as shared."""


class DeviceNeighbours(NamedTuple):
    """How many other processes hold memory of a device, and whether they used it; None where NVML doesn't say."""

    others: int
    busy: bool | None


def throttle_reasons_of(device: torch.device) -> list[str] | None:
    """Why the device's clock is throttled right now; empty if it isn't, None if NVML can't tell."""

    def question(library: Any, handle: Any) -> list[str]:
        bits = int(library.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
        reason = "nvmlClocksThrottleReason"
        return [words for name, words in THROTTLED_BY.items() if bits & int(getattr(library, reason + name, 0))]

    return asked_of_card(device, question)


def neighbours_on(device: torch.device, since_microseconds: int = 0) -> DeviceNeighbours | None:
    """Other processes on the device, and whether one was busy since that clock time; None if NVML can't tell."""
    processes = asked_of(device, lambda library, handle: library.nvmlDeviceGetComputeRunningProcesses(handle))
    if processes is None:
        return None
    own = psutil.Process().pid
    listed = {process.pid for process in processes} - {own}
    self_among_them = int(_under_another_number(own, processes))
    others = len(listed) - self_among_them
    if others == 0:
        return DeviceNeighbours(0, False)
    samples = asked_of(  # None where there is no right to ask, or none was sampled
        device, lambda library, handle: library.nvmlDeviceGetProcessUtilization(handle, since_microseconds)
    )
    if samples is None:
        return DeviceNeighbours(others, None)
    busy = {sample.pid for sample in samples if sample.pid in listed and sample.smUtil > BUSY_ABOVE}
    return DeviceNeighbours(others, len(busy) > self_among_them)


UNKNOWN = "power, clocks and MIG are unknown"
WITHOUT_NVML = f"nvidia-ml-py is not installed (extra `gpu`): {UNKNOWN}"
NVML_REFUSES = f"nvidia-ml-py is installed, but its driver is not here or doesn't know the device: {UNKNOWN}"


def settings_of(device: torch.device) -> dict[str, Any] | None:
    """Settings of a CUDA device: driver, power limit, clocks, MIG; None on a CPU.

    What NVML doesn't say is None; where NVML itself is absent, `nvml` is a line that says so.
    """
    if device.type != "cuda":
        return None
    if device_handle(device) is None:
        return {"nvml": NVML_REFUSES if _installed() else WITHOUT_NVML}
    questions: dict[str, Callable[[Any, Any], Any]] = {
        "driver": lambda library, _: str(library.nvmlSystemGetDriverVersion()),
        "power_limit_watts": lambda library, handle: library.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000,
        "sm_clock_mhz": lambda library, handle: library.nvmlDeviceGetClockInfo(handle, library.NVML_CLOCK_SM),
        "sm_clock_mhz_at_most": lambda library, handle: library.nvmlDeviceGetMaxClockInfo(
            handle, library.NVML_CLOCK_SM
        ),
        "memory_clock_mhz": lambda library, handle: library.nvmlDeviceGetClockInfo(handle, library.NVML_CLOCK_MEM),
        "mig": lambda library, handle: bool(library.nvmlDeviceGetMigMode(handle)[0]),
    }
    return {"nvml": "asked", **{name: asked_of_card(device, question) for name, question in questions.items()}}


def _installed() -> bool:
    try:
        importlib.import_module("pynvml")
    except ImportError:
        return False
    return True
