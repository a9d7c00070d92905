import pytest
import torch
from pydantic import TypeAdapter

from moco_bench.contrast import (
    All,
    Band,
    DropHardest,
    Easiest,
    Hardest,
    Random,
    Threshold,
    negatives_from,
)
from moco_bench.contrast.negatives import Ranks
from moco_bench.suite.config import NegativesConfig


@pytest.mark.parametrize(
    ("rule", "size", "expected"),
    [
        (All(), 100, Ranks()),
        (Hardest(), 100, Ranks(last=25)),
        (Hardest(fraction=0.25), 4096, Ranks(last=1024)),
        (Hardest(fraction=0.001), 100, Ranks(last=1)),
        (Hardest(count=7), 100, Ranks(last=7)),
        (Easiest(fraction=0.5), 9, Ranks("easiest-first", last=4)),
        (DropHardest(), 4096, Ranks(first=4)),
        (DropHardest(), 10, Ranks(first=1)),
        (Band(), 1000, Ranks(first=10, last=100)),
        (Band(0.0, 0.001), 10, Ranks(first=0, last=1)),
        (Band(0.999, 1.0), 10, Ranks(first=9, last=10)),
        (Threshold(0.2, 5), 10, Ranks(last=5, above=0.2)),
    ],
)
def test_ranks_of_a_queue(rule, size, expected):
    assert rule.ranks(size) == expected
    assert rule.preview(size) == expected


def test_random_draws_a_new_order_each_time_from_its_generator():
    rule = Random(0.5, generator=torch.Generator().manual_seed(1))
    seen = rule.preview(10)
    first, second = rule.ranks(10), rule.ranks(10)
    assert (first.order, first.last) == ("random", 5)
    assert first == seen != second
    assert Random(0.5, generator=torch.Generator().manual_seed(1)).ranks(10) == first
    assert Random(0.5).ranks(10) == Random(0.5).ranks(10) != first


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"rule": "all"}, All()),
        ({"rule": "hardest"}, Hardest(fraction=0.25)),
        ({"rule": "drop-hardest"}, DropHardest(fraction=0.001)),
        ({"rule": "hardest", "fraction": 0.1}, Hardest(fraction=0.1)),
        ({"rule": "easiest", "count": 3}, Easiest(count=3)),
        ({"rule": "random", "count": 3}, Random(count=3)),
        ({"rule": "drop-hardest", "fraction": 0.01}, DropHardest(fraction=0.01)),
        ({"rule": "band", "inner": 0.2, "outer": 0.4}, Band(0.2, 0.4)),
        ({"rule": "threshold", "similarity": 0.4, "minimum": 2}, Threshold(0.4, 2)),
    ],
)
def test_rules_of_a_suite(settings, rule):
    assert negatives_from(TypeAdapter(NegativesConfig).validate_python(settings)) == rule


def test_a_random_rule_of_a_suite_uses_the_generator_it_is_given():
    generator = torch.Generator().manual_seed(4)
    rule = negatives_from(TypeAdapter(NegativesConfig).validate_python({"rule": "random"}), generator)
    assert rule.generator is generator


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Hardest(0.5, 5), "fraction and count exclude each other"),
        (lambda: Random(0.5, 5), "fraction and count exclude each other"),
        (lambda: Easiest(0.0), "fraction must lie"),
        (lambda: Hardest(count=0), "count must be at least 1"),
        (lambda: Hardest(count=11).ranks(10), "count must be at most 10"),
        (lambda: DropHardest(fraction=1.0).ranks(10), "drop-hardest must leave"),
        (lambda: Band(0.5, 0.5), "inner and outer"),
        (lambda: Threshold(1.5), "similarity must lie"),
        (lambda: Threshold(0.5, 0), "minimum must be at least 1"),
        (lambda: Threshold(0.5, 11).ranks(10), "minimum must be at most 10"),
    ],
)
def test_impossible_rules_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()
