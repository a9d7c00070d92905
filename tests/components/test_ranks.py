"""Ranks that keep the same keys are the same ranks."""

import pytest

from moco_bench.components.ranks import Ranks

WHOLE = Ranks().amount_to(10, masked=True)


@pytest.mark.parametrize(
    "ranks",
    [
        Ranks(last=10), Ranks(last=99), Ranks("random", last=10), Ranks("easiest-first", last=10),
        Ranks(last=2, above=-1.0),
    ],
)  # fmt: skip
def test_what_keeps_every_key_is_the_whole_queue(ranks):
    assert ranks.amount_to(10, masked=True) == WHOLE
    assert Ranks(last=9).amount_to(10, masked=True) != WHOLE


def test_the_easiest_are_the_last_of_the_hardest_unless_a_mask_ranks_keys_last_from_either_end():
    easiest, hardest = Ranks("easiest-first", last=3), Ranks(first=7, last=10)
    assert easiest.amount_to(10, masked=False) == hardest.amount_to(10, masked=False)
    assert easiest.amount_to(10, masked=True) != hardest.amount_to(10, masked=True)


def test_a_similarity_that_no_key_exceeds_adds_none():
    assert Ranks(last=3, above=1.0).amount_to(10, masked=True) == Ranks(last=3).amount_to(10, masked=True)
    assert Ranks(last=3, above=0.5).amount_to(10, masked=True) != Ranks(last=3).amount_to(10, masked=True)


def test_other_shares_orders_and_views_are_other_rules():
    rules = [
        Ranks(last=3), Ranks("random", last=3), Ranks(mass=0.5), Ranks(mass=0.6), Ranks(last=3, seen_from="other-view"),
    ]  # fmt: skip
    assert len({rule.amount_to(10, masked=True) for rule in rules}) == len(rules)
