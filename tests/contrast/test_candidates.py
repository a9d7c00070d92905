"""Which pairs there are to choose from, and by what they are ranked."""

import pytest
import torch

from moco_bench.components.ranks import Ranks
from moco_bench.contrast.candidates import Candidates

COLUMNS = slice(0, 9)


@pytest.fixture
def candidates(batch_of):
    batch = batch_of(seed=1)
    return Candidates(batch.query, batch.queue, batch.sample_index, batch.queue_index, other_view=batch.key)


def test_pairs_of_one_image_are_blocked(candidates):
    expected = candidates.sample_index[:, None] == candidates.queue_index[None, COLUMNS]
    assert expected.any()
    assert torch.equal(candidates.of_one_image(COLUMNS), expected)
    assert torch.equal(candidates.blocked(COLUMNS), expected.to(candidates.anchor.dtype))
    without = Candidates(candidates.anchor, candidates.queue)
    assert without.blocked(COLUMNS) is without.of_one_image(COLUMNS) is None


def test_scores_are_similarities_from_either_end_or_of_the_other_view(candidates):
    free = ~candidates.of_one_image(COLUMNS)
    similarity = candidates.anchor @ candidates.queue[COLUMNS].T
    seen = candidates.other_view @ candidates.queue[COLUMNS].T
    for ranks, expected in (
        (Ranks(), similarity), (Ranks("easiest-first"), -similarity), (Ranks(seen_from="other-view"), seen),
    ):  # fmt: skip
        torch.testing.assert_close(candidates.scores(ranks, COLUMNS)[free], expected[free])


@pytest.mark.parametrize("order", ["hardest-first", "easiest-first", "random"])
def test_blocked_pairs_come_last_and_stay_finite(candidates, order):
    scores, blocked = candidates.scores(Ranks(order), COLUMNS), candidates.of_one_image(COLUMNS)
    assert scores[blocked].max() < scores[~blocked].min()
    assert scores.isfinite().all()


def test_random_scores_of_a_part_are_a_part_of_the_whole(candidates):
    part, ranks = slice(2, 9), Ranks("random", seed=(3, 4))
    whole = candidates.scores(ranks, slice(0, 11))
    assert torch.equal(candidates.scores(ranks, part), whole[:, part])
    assert not torch.equal(candidates.scores(Ranks("random", seed=(3, 5)), part), whole[:, part])
