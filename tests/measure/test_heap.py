import pytest
import torch

from moco_bench.measure import heap as module
from moco_bench.measure.heap import heap

MIB = 2**20


@pytest.mark.skipif(heap() is None, reason="not glibc")
def test_a_tensor_is_in_use_until_it_is_freed():
    before = heap()
    tensor = torch.ones(64 * MIB, dtype=torch.uint8)
    held = heap().in_use - before.in_use
    del tensor

    assert 64 * MIB <= held < 66 * MIB
    assert heap().in_use - before.in_use < 2 * MIB


def test_another_c_library_has_no_answer(monkeypatch):
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: object())
    module._mallinfo2.cache_clear()
    try:
        assert heap() is None
    finally:
        module._mallinfo2.cache_clear()
