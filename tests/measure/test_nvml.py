"""What a GPU's library tells, from a pretended one."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch

from moco_bench.measure import surroundings
from moco_bench.measure.nvml import (
    NVML_REFUSES,
    WITHOUT_NVML,
    joules_of,
    neighbours_on,
    process_memory_of,
    settings_of,
    throttle_reasons_of,
)
from moco_bench.measure.process import device_memory

CUDA = torch.device("cuda", 0)


class PretendedNvml(ModuleType):
    def __init__(self) -> None:
        super().__init__("pynvml")
        self.processes = [SimpleNamespace(pid=1, usedGpuMemory=5)]

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        assert uuid == "GPU-some-uuid"
        return "handle"

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[SimpleNamespace]:
        return self.processes

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        return 2500


def test_nvml_tells_memory_of_this_process_and_energy(monkeypatch):
    import psutil

    library = PretendedNvml()
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="some-uuid"))
    assert process_memory_of(CUDA) is None
    library.processes.append(SimpleNamespace(pid=psutil.Process().pid, usedGpuMemory=77))
    assert process_memory_of(CUDA) == 77
    assert joules_of(CUDA) == 2.5


@pytest.fixture
def nvml(monkeypatch):
    library = PretendedNvml()
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="some-uuid"))
    return library


def test_reasons_for_a_lower_clock_are_told_and_idleness_is_none(nvml):
    assert throttle_reasons_of(CUDA) is None  # a library without that
    nvml.nvmlClocksThrottleReasonGpuIdle, nvml.nvmlClocksThrottleReasonHwThermalSlowdown = 1, 0x40
    nvml.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 0x41
    assert throttle_reasons_of(CUDA) == ["heat (hardware)"]
    nvml.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 1
    assert throttle_reasons_of(CUDA) == []


def test_others_on_the_device_are_counted_and_asked_whether_they_work(nvml):
    import psutil

    assert neighbours_on(CUDA) == (1, None)  # there is one, and nobody says what it does
    used = {1: 0, psutil.Process().pid: 99}
    nvml.nvmlDeviceGetProcessUtilization = lambda handle, since: [
        SimpleNamespace(pid=pid, smUtil=share) for pid, share in used.items()
    ]
    assert neighbours_on(CUDA) == (1, False)
    used[1] = 50
    assert neighbours_on(CUDA) == (1, True)
    nvml.processes = [SimpleNamespace(pid=psutil.Process().pid, usedGpuMemory=77)]
    assert neighbours_on(CUDA) == (0, False)
    assert neighbours_on(torch.device("cpu")) is None


@pytest.mark.parametrize(("share", "alone"), [(0, True), (50, False), (None, False)])
def test_a_measurement_beside_a_busy_device_is_not_exclusive(nvml, monkeypatch, tmp_path, share, alone):
    monkeypatch.setattr(surroundings, "foreign_load", lambda start, end: 0.0)
    if share is not None:
        nvml.nvmlDeviceGetProcessUtilization = lambda handle, since: [SimpleNamespace(pid=1, smUtil=share)]
    nvml.nvmlClocksThrottleReasonSwPowerCap = 4
    nvml.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 4
    found = surroundings.since(surroundings.begin_watch(tmp_path, CUDA), tmp_path)
    assert found["exclusive"] is alone
    assert (found["device_neighbours"], found["device_shared"]) == (1, not alone)
    assert found["device_throttling"] == ["power cap"]


def test_a_device_that_does_not_list_its_processes_leaves_their_memory_unknown(nvml, monkeypatch):
    asked = []

    def refused(handle):
        asked.append(handle)
        raise RuntimeError("Not Supported")

    nvml.nvmlDeviceGetComputeRunningProcesses = refused
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 300)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 512)
    assert process_memory_of(CUDA) is None
    assert device_memory(CUDA).process is None
    assert asked == ["handle", "handle"]


def test_without_nvml_nothing_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert process_memory_of(CUDA) is None
    assert joules_of(CUDA) is None
    assert joules_of(torch.device("cpu")) is None


def test_in_a_container_a_process_is_not_its_own_neighbour(nvml, monkeypatch):
    # NVML tells the host's numbers, and this process doesn't know its own.
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    nvml.nvmlDeviceGetProcessUtilization = lambda handle, since: [
        SimpleNamespace(pid=pid, smUtil=share) for pid, share in used.items()
    ]
    used = {1: 99}
    assert neighbours_on(CUDA) == (0, False)
    assert process_memory_of(CUDA) == 5
    nvml.processes.append(SimpleNamespace(pid=2, usedGpuMemory=7))
    used = {1: 99, 2: 0}
    assert neighbours_on(CUDA) == (1, False)
    assert process_memory_of(CUDA) is None
    used = {1: 99, 2: 50}
    assert neighbours_on(CUDA) == (1, True)


def test_what_a_device_was_set_to(nvml, monkeypatch):
    assert settings_of(torch.device("cpu")) is None
    nvml.NVML_CLOCK_SM, nvml.NVML_CLOCK_MEM = 1, 2
    nvml.nvmlSystemGetDriverVersion = lambda: "580.1"
    nvml.nvmlDeviceGetEnforcedPowerLimit = lambda handle: 700_000
    nvml.nvmlDeviceGetMigMode = lambda handle: [0, 0]
    nvml.nvmlDeviceGetClockInfo = lambda handle, clock: 1980 if clock == 1 else 3201
    found = settings_of(CUDA)
    assert found["nvml"] == "asked"
    assert (found["driver"], found["power_limit_watts"], found["mig"]) == ("580.1", 700.0, False)
    assert (found["sm_clock_mhz"], found["memory_clock_mhz"], found["sm_clock_mhz_at_most"]) == (1980, 3201, None)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert settings_of(CUDA) == {"nvml": WITHOUT_NVML}


def test_a_library_that_is_installed_is_not_said_to_be_missing(nvml, monkeypatch):
    def refused(uuid):
        raise RuntimeError("Not Found")

    monkeypatch.setattr(nvml, "nvmlDeviceGetHandleByUUID", refused)
    assert settings_of(CUDA) == {"nvml": NVML_REFUSES}
    assert "not installed" not in NVML_REFUSES


def test_an_instance_of_mig_is_asked_for_processes_and_its_card_for_power_and_energy(nvml, monkeypatch):
    import psutil

    def handle_of(uuid):
        if uuid != "MIG-some-uuid":
            raise RuntimeError("Not Found")
        return "instance"

    def of_card(handle):
        if handle != "card":
            raise RuntimeError("Not Supported")
        return 2500

    nvml.nvmlDeviceGetHandleByUUID = handle_of
    nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle = {"instance": "card"}.__getitem__
    nvml.nvmlDeviceGetTotalEnergyConsumption = nvml.nvmlDeviceGetEnforcedPowerLimit = of_card
    own = [SimpleNamespace(pid=psutil.Process().pid, usedGpuMemory=77)]
    nvml.nvmlDeviceGetComputeRunningProcesses = {"instance": own}.__getitem__
    assert joules_of(CUDA) == 2.5
    assert settings_of(CUDA)["power_limit_watts"] == 2.5
    assert process_memory_of(CUDA) == 77
