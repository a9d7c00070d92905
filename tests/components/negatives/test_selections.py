"""Rules that keep some keys: which ranks, from which settings (`Share`: a fraction or a count), and what is refused."""

from typing import Literal

import pytest

from moco_bench.components import Ranks
from moco_bench.components.negatives import All, Band, DropHardest, Easiest, Hardest, Random, Selection, Threshold
from moco_bench.suite.config import ContrastConfig


@pytest.mark.parametrize(
    ("rule", "size", "expected"),
    [
        (All(), 100, Ranks()),
        (Hardest(), 100, Ranks(last=25)),
        (Hardest(fraction=0.25), 4096, Ranks(last=1024)),
        (Hardest(fraction=0.001), 100, Ranks(last=1)),
        (Hardest(count=7), 100, Ranks(last=7)),
        (Hardest(mass=0.5), 100, Ranks(mass=0.5)),
        (Easiest(fraction=0.5), 9, Ranks("easiest-first", last=4)),
        (Random(fraction=0.5), 10, Ranks("random", last=5)),
        (DropHardest(), 4096, Ranks(first=4)),
        (DropHardest(), 10, Ranks(first=1)),
        (Band(), 1000, Ranks(first=10, last=100)),
        (Band(inner=0.0, outer=0.001), 10, Ranks(first=0, last=1)),
        (Band(inner=0.999, outer=1.0), 10, Ranks(first=9, last=10)),
        (Threshold(similarity=0.2, minimum=5), 10, Ranks(last=5, above=0.2)),
    ],
)
def test_ranks_of_a_queue(rule, size, expected):
    assert rule.ranks(size) == expected


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ("all", All()),
        ({"rule": "all"}, All()),
        ({"rule": "hardest"}, Hardest(fraction=0.25)),
        ({"rule": "drop-hardest"}, DropHardest(fraction=0.001)),
        ({"rule": "hardest", "fraction": 0.1}, Hardest(fraction=0.1)),
        ({"rule": "hardest", "mass": 0.5}, Hardest(mass=0.5)),
        ({"rule": "easiest", "count": 3}, Easiest(count=3)),
        ({"rule": "random", "count": 3}, Random(count=3)),
        ({"rule": "drop-hardest", "fraction": 0.01}, DropHardest(fraction=0.01)),
        ({"rule": "band", "inner": 0.2, "outer": 0.4}, Band(inner=0.2, outer=0.4)),
        ({"rule": "threshold", "similarity": 0.4, "minimum": 2}, Threshold(similarity=0.4, minimum=2)),
    ],
)
def test_rules_of_a_suite(settings, rule):
    contrast = ContrastConfig.model_validate({"negatives": settings})
    assert contrast.negatives == rule
    assert ContrastConfig.model_validate(contrast.model_dump()) == contrast


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Hardest(fraction=0.5, count=5), "give `fraction` or `count`, not both"),
        (lambda: Random(fraction=0.5, count=5), "give `fraction` or `count`, not both"),
        (lambda: Hardest(fraction=0.5, mass=0.5), "give `fraction` or `mass`, not both"),
        (lambda: Hardest(mass=1.0), "mass"),
        (lambda: Easiest(fraction=0.0), "fraction"),
        (lambda: Hardest(count=0), "count"),
        (lambda: Hardest(count=11).check(10), "count must be at most 10"),
        (lambda: DropHardest(fraction=1.0).check(10), "leaves no negative"),
        (lambda: Band(inner=0.5, outer=0.5), "must be below"),
        (lambda: Threshold(similarity=1.5), "similarity"),
        (lambda: Threshold(similarity=0.5, minimum=0), "minimum"),
        (lambda: Threshold(similarity=0.5, minimum=11).check(10), "minimum must be at most 10"),
    ],
)
def test_impossible_rules_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()


def test_a_rule_need_not_give_progress_a_default():
    """`docs/plugins.md` shows `ranks(queue_size, progress)`; whoever asks a rule gives both."""

    class HarderHalf(Selection):
        rule: Literal["harder-half"] = "harder-half"

        def ranks(self, queue_size: int, progress: float) -> Ranks:
            return Ranks(first=0, last=queue_size // 2)

    rule = HarderHalf()
    rule.check(64)

    assert rule.amounts_to(64, masked=True) == rule.ranks(64, 1.0).amount_to(64, masked=True)
