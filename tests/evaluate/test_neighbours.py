import torch

from moco_bench.evaluate.neighbours import nearest_neighbours, spread_over_classes

ANGLES = torch.arange(0, 90, 10.0).deg2rad()
BANK = torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)
BANK_LABELS = torch.arange(9) // 3


def test_neighbours_come_nearest_first_with_their_labels():
    angles = torch.tensor([1.0, 42.0, 79.0]).deg2rad()
    queries = 5 * torch.stack([angles.cos(), angles.sin()], dim=1)
    found = nearest_neighbours(BANK, BANK_LABELS, queries, torch.tensor([0, 1, 2]), queries=3, shown=3)
    assert found == {
        "queries": [0, 1, 2],
        "query_labels": [0, 1, 2],
        "neighbours": [[0, 1, 2], [4, 5, 3], [8, 7, 6]],
        "neighbour_labels": [[0, 0, 0], [1, 1, 1], [2, 2, 2]],
    }


def test_queries_are_spread_over_the_classes():
    labels = torch.tensor([2, 2, 0, 0, 2, 1, 0])
    assert spread_over_classes(labels, 2).tolist() == [2, 5]
    assert spread_over_classes(labels, 5).tolist() == [2, 5, 0, 3, 1]
    assert sorted(spread_over_classes(labels, 99).tolist()) == list(range(7))


def test_a_small_bank_shows_all_it_has_and_no_query_shows_nothing():
    labels = torch.tensor([1, 0])
    found = nearest_neighbours(BANK[:2], BANK_LABELS[:2], BANK[7:], labels, queries=1)
    assert found["neighbours"] == [[1, 0]]
    assert found["queries"] == [1]
    nothing = nearest_neighbours(BANK, BANK_LABELS, BANK, BANK_LABELS, queries=0)
    assert nothing == {"queries": [], "query_labels": [], "neighbours": [], "neighbour_labels": []}
