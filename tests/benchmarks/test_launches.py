from types import SimpleNamespace

import torch
from torch.profiler import ProfilerActivity

from benchmarks import launches
from benchmarks.launches import LaunchCounter, device_calls


def test_operators_are_counted_by_part_and_views_cost_nothing():
    counter, numbers = LaunchCounter(), torch.arange(6.0)
    with counter.counting():
        numbers.view(2, 3).t()[0].unsqueeze(0)
        counter("sum")
        (numbers + 1).sum()
        counter("in place")
        numbers.mul_(2)
        torch.empty(3)
        counter("sum")
        numbers.sum()
    assert counter.launches() == 4
    assert counter.launches("sum") == 3
    assert dict(counter.operators["in place"]) == {"mul_": 1}
    assert counter.waits == {}


def test_every_way_to_read_a_value_is_a_wait():
    numbers, counter = torch.arange(6.0), LaunchCounter()
    for name, read in {
        "item": lambda: numbers[0].item(),
        "float": lambda: float(numbers.sum()),
        "if": lambda: bool(numbers[0] > 1),
        "nonzero": lambda: numbers.nonzero(),
        "mask": lambda: numbers[numbers > 2],
        "written by mask": lambda: numbers.index_put_((numbers > 2,), torch.tensor(0.0)),
    }.items():
        counter(name)
        with counter.counting():
            read()
        assert counter.waits.get(name), name


def test_an_index_of_numbers_is_no_wait():
    with LaunchCounter().counting() as counter:
        torch.arange(6.0)[torch.tensor([1, 2])]
    assert counter.waits == {}


def test_calls_to_cuda_are_counted_by_kind_and_kernels_names_are_no_calls(monkeypatch):
    told = {
        "cudaLaunchKernel": 3, "cuLaunchKernelEx": 1, "cudaLaunchKernelExC": 1, "cudaGraphLaunch": 2,
        "cudaMemcpyAsync": 4, "cudaMemsetAsync": 5, "cudaStreamSynchronize": 6, "aten::mm": 7,
        "Memcpy HtoD (Pinned -> Device)": 8, "cutlass_80_tensorop_LaunchKernel": 9,
    }  # fmt: skip
    asked = []

    class PretendedProfile:
        def __init__(self, activities):
            asked.extend(activities)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def events(self):
            return [SimpleNamespace(name=name) for name, count in told.items() for _ in range(count)]

    monkeypatch.setattr(launches, "profile", PretendedProfile)
    found = device_calls(lambda: asked.append("work"), torch.device("cuda"))
    assert found == {"kernels": 5, "graphs": 2, "copies": 4, "fillings": 5}
    assert asked == [ProfilerActivity.CUDA, "work"]


def test_on_a_cpu_there_are_no_calls_to_cuda():
    assert set(device_calls(lambda: torch.ones(3).sum(), torch.device("cpu")).values()) == {0}
