import math
from itertools import pairwise

import pytest
import torch
from torch.nn import functional

from moco_bench.evaluate.similarities import alignment, similarity_histograms


def rows(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(seed))


def test_histograms_equal_a_loop_over_pairs():
    first, second, labels = rows(12, 0), rows(12, 1), torch.arange(12) % 3
    found = similarity_histograms(first, second, labels)

    expected = {kind: [0] * 100 for kind in ("positive", "same_class", "other_class")}
    for i, anchor in enumerate(first.tolist()):
        for j, other in enumerate(second.tolist()):
            cosine = sum(map(float.__mul__, anchor, other)) / (math.hypot(*anchor) * math.hypot(*other))
            kind = "positive" if i == j else "same_class" if labels[i] == labels[j] else "other_class"
            [place] = [n for n in range(100) if found["edges"][n] <= cosine < found["edges"][n + 1]]
            expected[kind][place] += 1
    assert found["counts"] == expected
    assert [sum(counts) for counts in expected.values()] == [12, 36, 96]


def test_edges_reach_from_opposite_to_equal():
    edges = similarity_histograms(rows(2, 0), rows(2, 1), torch.tensor([0, 1]))["edges"]
    assert (len(edges), edges[0], edges[50], edges[-1]) == (101, -1.0, 0.0, 1.0)
    assert all(low < high for low, high in pairwise(edges))


@pytest.mark.parametrize(("sign", "place"), [(1, 99), (-1, 0)])
def test_the_ends_are_inside(sign, place):
    first = rows(300, 2)  # of so many rows, some have a product with themselves just above 1
    counts = similarity_histograms(first, sign * 3 * first, torch.arange(300))["counts"]
    assert counts["positive"][place] == 300
    assert counts["same_class"] == [0] * 100


def test_alignment_is_two_less_twice_the_cosine():
    first, second = rows(40, 0), rows(40, 1)
    cosine = functional.cosine_similarity(first, second).mean().item()
    assert alignment(first, second) == pytest.approx(2 - 2 * cosine, rel=1e-5)


def test_alignment_of_equal_and_of_opposite_views():
    first = rows(10, 0)
    assert alignment(first, 3 * first) == pytest.approx(0, abs=1e-12)
    assert alignment(first, -first) == pytest.approx(4)
