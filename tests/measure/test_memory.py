import psutil
import torch

from moco_bench.measure import memory


def test_peak_memory_of_a_process_is_at_least_what_it_holds_now():
    peak = memory.peak_memory(torch.device("cpu"))

    assert peak.memory_source == "process rss"
    assert peak.peak_memory_mib >= 0.9 * psutil.Process().memory_info().rss / 2**20


def test_peak_memory_on_cuda_is_what_the_allocator_says(monkeypatch):
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 3 * 2**20)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: 5 * 2**20)

    assert memory.peak_memory(torch.device("cuda")) == memory.PeakMemory(3.0, "cuda allocated", 5.0)
