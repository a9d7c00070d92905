import torch

from moco_bench.measure import reference
from moco_bench.measure.reference import ReferenceWork


def test_the_reference_is_timed_once_it_is_warm(monkeypatch):
    work, asked = ReferenceWork(), []
    ticks = iter([10.0, 10.002])
    monkeypatch.setattr(reference.time, "perf_counter", lambda: asked.append("clock") or next(ticks))
    monkeypatch.setattr(work, "_do", lambda products, passes: asked.append((products, passes)))
    assert abs(work.milliseconds() - 2.0) < 1e-9
    assert asked == [(1, 1), "clock", (reference.PRODUCTS, reference.PASSES), "clock"]


def test_the_reference_leaves_threads_and_generators_alone():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    assert ReferenceWork().milliseconds() > 0
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_the_reference_is_the_same_work_each_time():
    first, second = ReferenceWork(), ReferenceWork()
    first.milliseconds()
    second.milliseconds()
    second.milliseconds()
    assert torch.equal(first._weight.grad, second._weight.grad)
    assert torch.equal(first._product, second._product)
