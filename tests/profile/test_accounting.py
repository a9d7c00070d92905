"""Less than a tenth of an arm's memory is unattributed, and a meter that overlooks tensors can't stay below that."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from moco_bench.measure import process
from moco_bench.measure.allocations import MIB, AllocationMeter, Timeline
from moco_bench.measure.heap import Heap
from moco_bench.measure.process import ProcessMemory, device_memory
from moco_bench.profile import memory as memory_module
from moco_bench.profile.accounting import (
    LIBRARY_OBJECTS_AT_MOST,
    UNATTRIBUTED,
    Before,
    HeapWatch,
    account,
)
from moco_bench.profile.memory import at_rest, before_the_model, watch_step
from moco_bench.profile.parts import PARTS
from moco_bench.profile.stepper import Stepper

HERE = Path(__file__).parent
SUITE = HERE.parents[1] / "config" / "quickstart.yaml"
BOUND = 0.1


def measured(hidden: str) -> dict:
    command = [sys.executable, str(HERE / "measure_arm.py"), str(SUITE), "both", hidden]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    return json.loads(ran.stdout)


def test_little_is_unattributed_of_the_peak_and_of_what_lies_above_the_baseline():
    found = measured("nothing")
    assert found["of_peak"] < BOUND
    assert found["above_baseline"] < BOUND
    assert 0 < found["parts"]["library_objects"] < 16
    counters = found["counters"]
    if counters["heap_growth"] is not None:
        assert counters["tensor_growth"] == pytest.approx(counters["heap_growth"], rel=0.05)


@pytest.mark.parametrize("hidden", ["forward", "steps"])
def test_hidden_tensors_break_the_bound(hidden):
    found = measured(hidden)
    assert found["above_baseline"] > BOUND
    assert found["unattributed"] > 5


def known_timeline(**parts: int) -> Timeline:
    import numpy as np

    return Timeline(tuple(parts), np.zeros(1), np.array([list(parts.values())], dtype=np.int64) * MIB)


BEFORE = Before(
    ProcessMemory(500 * MIB, None, 200 * MIB, 500 * MIB), Heap(100 * MIB, 5 * MIB), images=10 * MIB, held=10 * MIB
)
AFTER = ProcessMemory(600 * MIB, 300 * MIB, 230 * MIB, 620 * MIB)


def heap_watch(rest: int = 137, held: int = 40, highest: int = 157, free: int = 25) -> HeapWatch:
    at_rest = Heap(rest * MIB, 40 * MIB)
    return HeapWatch(held * MIB, at_rest, at_rest, 40 * MIB, Heap(highest * MIB, free * MIB), (highest + free) * MIB)


def test_the_process_is_explained_by_the_counters():
    memory = account(BEFORE, AFTER, None, known_timeline(data_set=10, activations=50), heap_watch())
    assert memory.peak == 620
    assert memory.parts["baseline"] == 490
    assert memory.parts["library_code"] == 30
    assert memory.parts["library_objects"] == 7  # 37 more in use at rest, 30 of them tensors
    assert memory.parts["heap_free"] == 20
    assert memory.parts[UNATTRIBUTED] == 620 - 490 - 30 - 7 - 20 - 60
    assert memory.unattributed_of_peak == 13 / 620
    assert memory.unattributed_above_baseline == 0.1
    assert (memory.counters["heap_growth"], memory.counters["tensor_growth"]) == (20, 20)


@pytest.mark.parametrize("hidden", [10, 30, 50])
def test_what_the_meter_does_not_see_is_unattributed(hidden):
    """Whatever it overlooks, no other part may fill the gap."""
    usual = account(BEFORE, AFTER, None, known_timeline(data_set=10, activations=50), heap_watch())
    blind = account(BEFORE, AFTER, None, known_timeline(data_set=10, activations=50 - hidden), heap_watch())
    assert blind.parts[UNATTRIBUTED] - usual.parts[UNATTRIBUTED] == hidden
    assert blind.parts["library_objects"] == usual.parts["library_objects"]


@pytest.mark.parametrize(("rest", "said"), [(100, 0), (100 + 30 + 300, LIBRARY_OBJECTS_AT_MOST)])
def test_library_objects_are_bounded(rest, said):
    memory = account(BEFORE, AFTER, None, known_timeline(data_set=10), heap_watch(rest=rest))
    assert memory.parts["library_objects"] == said


def test_what_a_platform_does_not_count_is_unattributed_and_not_baseline():
    before = Before(ProcessMemory(500 * MIB, None, None, None), None, images=10 * MIB)
    after = ProcessMemory(600 * MIB, None, None, None)
    memory = account(before, after, None, known_timeline(data_set=10), HeapWatch())
    assert memory.parts["baseline"] == 490
    assert memory.parts[UNATTRIBUTED] == 100
    assert "heap_free" not in memory.parts
    assert "resident" in memory.peak_source


def test_malloc_agrees_with_the_meter_and_a_meter_that_overlooks_does_not(make_runs, dataset, monkeypatch):
    """The same step twice: growth within it, counted by malloc, is the tensors' only where all are seen."""
    if memory_module.heap() is None:
        pytest.skip("no mallinfo2 in this C library")
    stepper = Stepper(make_runs("filter", train={"batch_size": 64})["filter"], dataset)
    for _ in range(3):
        stepper.step()
    before = before_the_model(dataset)

    def growth() -> tuple[float, float]:
        watch = at_rest(torch.device("cpu"))
        seen = watch_step(stepper, watch)
        counters = account(before, AFTER, None, seen.timeline, watch).counters
        return counters["heap_growth"], counters["tensor_growth"]

    heap_growth, tensor_growth = growth()
    assert tensor_growth == pytest.approx(heap_growth, rel=0.1)
    see = AllocationMeter.see
    monkeypatch.setattr(AllocationMeter, "see", lambda self, tensor: None if self.scope in PARTS else see(self, tensor))
    heap_growth_still, nothing = growth()
    assert heap_growth_still == pytest.approx(heap_growth, rel=0.1)
    assert nothing < 0.5 * heap_growth_still


def test_on_cuda_the_allocators_peak_is_explained_by_tensors(monkeypatch):
    """A pretended `torch.cuda`: its peak is of the steps since its counters were reset, blocks rounded up."""
    peaks = {"allocated": 900 * MIB}
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: peaks.update(allocated=253 * MIB))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peaks["allocated"])
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 300 * MIB)
    monkeypatch.setattr(process, "process_memory_of", lambda device: 700 * MIB)
    monkeypatch.setattr(process, "_workspaces", lambda device: 0)
    monkeypatch.setattr(process, "_graph_pools", lambda device: 0)
    cuda = torch.device("cuda", 0)
    memory_module.restart_peaks(cuda)
    before = replace(BEFORE, on_device=2 * MIB)
    memory = account(before, AFTER, device_memory(cuda), known_timeline(activations=200, parameters=50), HeapWatch())
    assert memory.peak == 253
    assert memory.parts[UNATTRIBUTED] == 1
    assert memory.parts["baseline"] == 2
    assert memory.counters["cuda_reserved"] == 300
    assert memory.counters["cuda_process"] == 700
    assert memory.peak_source == "CUDA's allocator"


def test_on_cuda_a_small_runs_peak_is_named_to_a_tenth(monkeypatch):
    """As on an H200: 33 MiB beside a baseline of 32 are the workspace of the thread of the backward pass."""
    allocated = {"now": 67 * MIB}
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 68 * MIB)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 80 * MIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: allocated["now"])
    monkeypatch.setattr(torch._C, "_cuda_clearCublasWorkspaces", lambda: allocated.update(now=2 * MIB), raising=False)
    pools = [
        {"device": 0, "total_size": 5 * MIB, "segment_pool_id": (0, 1)},
        {"device": 0, "total_size": 7 * MIB, "segment_pool_id": (0, 0)},
        {"device": 1, "total_size": 9 * MIB, "segment_pool_id": (0, 1)},
    ]
    monkeypatch.setattr(torch.cuda, "memory_snapshot", lambda: pools)
    monkeypatch.setattr(process, "process_memory_of", lambda device: 600 * MIB)
    found = device_memory(torch.device("cuda", 0))
    assert (found.workspaces, found.graph_pools, found.context) == (65 * MIB, 5 * MIB, 520 * MIB)
    memory = account(replace(BEFORE, on_device=32 * MIB), AFTER, found, known_timeline(activations=2), HeapWatch())
    assert memory.parts["workspaces"] == 65
    assert memory.parts["baseline"] == 0
    assert memory.unattributed_of_peak < 0.1
    assert memory.counters["cuda_context"] == 520
    assert sum(memory.parts.values()) == pytest.approx(memory.peak)
