"""Thresholds of ranks, and which keys they drop, chunk by chunk."""

import pytest
import torch

from moco_bench.components.ranks import Ranks
from moco_bench.contrast.negatives.selection import Membership, cut, cut_counts, takes_passes, whole_cuts

SCORES = torch.tensor([[0.5, 0.9, 0.5, 0.1, 0.5], [0.3, 0.3, 0.2, 0.4, 0.1]])


@pytest.mark.parametrize(
    ("ranks", "counts", "passes"),
    [
        (Ranks(), [], False), (Ranks(last=10), [], False), (Ranks(last=3), [3], True),
        (Ranks(first=2, last=5), [2, 5], True), (Ranks(first=2), [2], True), (Ranks(mass=0.5), [], True),
    ],
)  # fmt: skip
def test_a_rule_needs_a_threshold_for_each_of_its_ends(ranks, counts, passes):
    assert cut_counts(ranks, 10) == counts
    assert takes_passes(ranks, 10) is passes


def test_a_cut_is_the_lowest_score_inside_and_counts_the_ties_that_are():
    found = cut(SCORES, 2)
    assert found.value.tolist() == [[SCORES[0, 0]], [SCORES[1, 0]]]
    assert found.ties.tolist() == [[1], [1]]
    assert cut(SCORES[:1], 4).ties is None, "all of the equal scores are inside"


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize(
    ("ranks", "kept"),
    [
        (Ranks(last=2), [[0, 1], [0, 3]]),  # the lower slot first among equals
        (Ranks(first=2), [[2, 3, 4], [1, 2, 4]]),
        (Ranks(first=1, last=3), [[0, 2], [0, 1]]),
        (Ranks(last=1, above=0.4), [[0, 1, 2, 4], [3]]),
        (Ranks(mass=0.999, temperature=0.01), [[1], [3]]),
    ],
)
def test_the_keys_dropped_are_the_same_in_chunks_of_any_width(ranks, kept, width):
    membership = Membership(ranks, whole_cuts(SCORES, ranks))
    parts = [membership.dropped(part, part, None) for part in SCORES.split(width, dim=1)]
    assert [(row == 0).nonzero().flatten().tolist() for row in torch.cat(parts, dim=1)] == kept


def test_blocked_pairs_are_dropped_whatever_their_rank():
    blocked = torch.zeros_like(SCORES)
    blocked[0, 1] = 1
    assert torch.equal(Membership(Ranks(), []).dropped(SCORES, SCORES, blocked), blocked)
    assert Membership(Ranks(), []).dropped(SCORES, SCORES, None) is None
