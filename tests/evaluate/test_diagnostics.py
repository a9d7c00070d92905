import pytest
import torch
from torch.nn import functional

from moco_bench.evaluate import alignment


def rows(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def test_alignment_is_two_less_twice_the_cosine():
    first, second = rows(40, 6), rows(40, 6, seed=1)
    cosine = functional.cosine_similarity(first, second).mean().item()
    assert alignment(first, second) == pytest.approx(2 - 2 * cosine, rel=1e-5)


def test_alignment_of_equal_and_of_opposite_views():
    first = rows(10, 4)
    assert alignment(first, 3 * first) == pytest.approx(0, abs=1e-12)
    assert alignment(first, -first) == pytest.approx(4)
