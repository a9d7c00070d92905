import math

import pytest
import torch
from torch.nn import functional

from moco_bench.evaluate import alignment, effective_rank, uniformity
from moco_bench.evaluate.diagnostics import UNIFORMITY_ROWS


def rows(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_alignment_is_two_less_twice_the_cosine():
    first, second = rows(40, 6), rows(40, 6, seed=1)
    cosine = functional.cosine_similarity(first, second).mean().item()
    assert alignment(first, second) == pytest.approx(2 - 2 * cosine, rel=1e-5)


def test_alignment_of_equal_and_of_opposite_views():
    first = rows(10, 4)
    assert alignment(first, 3 * first) == pytest.approx(0, abs=1e-12)
    assert alignment(first, -first) == pytest.approx(4)


def test_uniformity_equals_a_loop_over_pairs():
    embeddings = rows(12, 3)
    unit = functional.normalize(embeddings.double(), dim=1).tolist()
    pairs = [(a, b) for index, a in enumerate(unit) for b in unit[index + 1 :]]
    expected = math.log(sum(math.exp(-2 * math.dist(a, b) ** 2) for a, b in pairs) / len(pairs))
    assert uniformity(embeddings, seeded()) == pytest.approx(expected, rel=1e-6)


def test_uniformity_of_extremes():
    assert uniformity(torch.ones(20, 3), seeded()) == pytest.approx(0, abs=1e-6)
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), seeded()) == pytest.approx(-8)
    spread = uniformity(rows(1000, 64), seeded())
    assert spread == pytest.approx(-4, abs=0.2)  # squared distances concentrate at 2 in many dimensions


def test_what_has_no_value_is_none():
    assert uniformity(rows(1, 3), seeded()) is None
    assert uniformity(rows(2, 3), seeded()) is not None
    assert effective_rank(torch.zeros(4, 3)) is None
    assert effective_rank(rows(1, 3)) == pytest.approx(1)


def test_uniformity_of_a_large_set_is_that_of_a_seeded_part():
    embeddings = rows(UNIFORMITY_ROWS + 500, 4)
    assert uniformity(embeddings, seeded(1)) == uniformity(embeddings, seeded(1))
    assert uniformity(embeddings, seeded(1)) != uniformity(embeddings, seeded(2))


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_effective_rank_counts_equally_strong_directions(rank):
    assert effective_rank(torch.eye(8)[torch.arange(8 * rank) % rank]) == pytest.approx(rank)


def test_effective_rank_is_the_entropy_of_singular_values():
    embeddings = functional.normalize(rows(50, 5) * torch.tensor([5.0, 3.0, 1.0, 0.5, 0.1]), dim=1).double()
    values = torch.linalg.eigvalsh(embeddings.T @ embeddings).sqrt()
    parts = (values / values.sum()).tolist()
    expected = math.exp(-sum(part * math.log(part) for part in parts))
    assert 1 < expected < 5
    assert effective_rank(embeddings) == pytest.approx(expected, rel=1e-6)
