"""Counters of the kernel, the C library and, pretended, of CUDA and NVML."""

import sys

import psutil
import pytest
import torch

from moco_bench.measure import process
from moco_bench.measure.allocations import MIB
from moco_bench.measure.heap import heap
from moco_bench.measure.process import device_memory, process_memory, restart_peak

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counters of the Linux kernel")
CUDA = torch.device("cuda", 0)


@pytest.mark.alone
@pytest.mark.slow
@linux
def test_the_peak_stays_until_it_is_restarted():
    assert restart_peak()
    start = process_memory()
    block = torch.ones(64 * MIB // 4)
    del block
    high = process_memory()
    assert high.peak - start.rss == pytest.approx(64 * MIB, rel=0.05)
    assert restart_peak()
    assert process_memory().peak < high.peak - 32 * MIB


@linux
def test_parts_are_no_more_than_the_whole():
    memory = process_memory()
    assert 0 < memory.code < memory.rss <= memory.peak
    assert 0 < memory.uss <= memory.rss


def test_without_counters_of_linux_only_the_resident_set_is_known(monkeypatch):
    monkeypatch.setattr(process, "_status", dict)
    memory = process_memory()
    assert memory.rss > 10 * MIB
    assert (memory.code, memory.peak) == (None, None)


def test_the_heap_knows_what_a_tensor_took_and_gave_back():
    before = heap()
    if before is None:
        pytest.skip("no mallinfo2 in this C library")
    held = [torch.ones(2**14) for _ in range(100)]
    during = heap()
    assert during.in_use - before.in_use == pytest.approx(100 * 2**16, rel=0.02)
    del held
    assert heap().in_use - before.in_use < 2**17


def test_a_cpu_has_no_memory_of_a_device():
    assert device_memory(torch.device("cpu")) is None


def test_on_cuda_the_peaks_are_those_of_the_allocator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 300)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 512)
    monkeypatch.setattr(process, "process_memory_of", lambda device: None)
    monkeypatch.setattr(process, "_workspaces", lambda device: 0)
    monkeypatch.setattr(process, "_graph_pools", lambda device: 0)
    memory = device_memory(CUDA)
    assert (memory.allocated, memory.reserved, memory.process) == (300, 512, None)


def test_peak_memory_of_a_process_is_at_least_what_it_holds_now():
    peak = process.peak_memory(torch.device("cpu"))

    assert peak.memory_source == "process rss"
    assert peak.peak_memory_mib >= 0.9 * psutil.Process().memory_info().rss / 2**20


def test_peak_memory_on_cuda_is_what_the_allocator_says(monkeypatch):
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 3 * 2**20)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 5 * 2**20)

    assert process.peak_memory(torch.device("cuda")) == process.PeakMemory(3.0, "cuda allocated", 5.0)
