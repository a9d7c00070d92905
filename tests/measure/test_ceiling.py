import pytest
import torch

from moco_bench.measure.ceiling import COPIED_MIB, measure_ceiling


@pytest.mark.alone
@pytest.mark.slow
def test_the_ceiling_is_positive_and_names_its_precision():
    ceiling = measure_ceiling(torch.device("cpu"), "float32", torch.float32)
    assert ceiling.flops > 1e8
    assert ceiling.bytes > 1e8
    assert ceiling.precision == "float32"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_factors_are_random_and_each_time_the_same(dtype, monkeypatch):
    multiply, seen = torch.mm, []
    monkeypatch.setattr(torch, "mm", lambda *factors, out: seen.append(factors) or multiply(*factors, out=out))
    monkeypatch.setitem(COPIED_MIB, "cpu", 1)
    for _ in range(2):
        measure_ceiling(torch.device("cpu"), "either", dtype, side=64)
    (left, right), (again, _) = seen[0], seen[-1]
    assert left.dtype == right.dtype == dtype
    assert not torch.equal(left, right)
    assert torch.equal(left, again)
    assert left.float().std() == pytest.approx(1, abs=0.1)
