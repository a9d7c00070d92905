import math

import pytest
import torch
from torch.nn import functional

from moco_bench.components.metrics import EffectiveRank, Embedded, Evaluation, Uniformity
from moco_bench.components.metrics.uniformity import ROWS


def rows(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def evaluation(projections: torch.Tensor, seed: int = 0) -> Evaluation:
    nothing = Embedded(rows(2, 2), rows(2, 2), torch.tensor([0, 1]))
    test = Embedded(rows(len(projections), 2), projections, torch.zeros(len(projections), dtype=torch.int64))
    return Evaluation(nothing, test, 2, {}, lambda name: torch.Generator().manual_seed(seed))


def uniformity(projections: torch.Tensor, seed: int = 0) -> float | None:
    return Uniformity().compute(evaluation(projections, seed))


def effective_rank(projections: torch.Tensor) -> float | None:
    return EffectiveRank().compute(evaluation(projections))


def test_uniformity_equals_a_loop_over_pairs():
    embeddings = rows(12, 3)
    unit = functional.normalize(embeddings.double(), dim=1).tolist()
    pairs = [(a, b) for index, a in enumerate(unit) for b in unit[index + 1 :]]
    expected = math.log(sum(math.exp(-2 * math.dist(a, b) ** 2) for a, b in pairs) / len(pairs))
    assert uniformity(embeddings) == pytest.approx(expected, rel=1e-6)


def test_uniformity_of_extremes():
    assert uniformity(torch.ones(20, 3)) == pytest.approx(0, abs=1e-6)
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(-8)
    spread = uniformity(rows(1000, 64))
    assert spread == pytest.approx(-4, abs=0.2)  # squared distances concentrate at 2 in many dimensions


def test_what_has_no_value_is_none():
    assert uniformity(rows(1, 3)) is None
    assert uniformity(rows(2, 3)) is not None
    assert effective_rank(torch.zeros(4, 3)) is None
    assert effective_rank(rows(1, 3)) == pytest.approx(1)


def test_uniformity_of_a_large_set_is_that_of_a_seeded_part():
    embeddings = rows(ROWS + 500, 4)
    assert uniformity(embeddings, 1) == uniformity(embeddings, 1)
    assert uniformity(embeddings, 1) != uniformity(embeddings, 2)


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
