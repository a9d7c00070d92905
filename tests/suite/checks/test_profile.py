"""What a profile can't ask of the arms is refused before anything is measured."""

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.checks.profile import check_profile
from moco_bench.suite.load import parse_suite


def suite(**changes):
    raw = {
        "name": "small",
        "dataset": "digits",
        "encoder": {"name": "resnet-compact", "width": 8},
        "contrast": {"queue_size": 256},
        "train": {"batch_size": 64},
        "seeds": [3, 4],
        "repeat_seeds": [3],
        "arms": {"vanilla": None, "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.5}}}},
        "profile": {},
    }
    return parse_suite({**raw, **changes}, "small")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"profile": {"growth": {}}}, "names no values"),
        ({"profile": {"growth": {"queue_sizes": [32]}}}, "growth.queue_sizes: 32 is too small for arm vanilla"),
        ({"profile": {"claim_queue_sizes": [63]}}, "claim_queue_sizes: 63 is too small"),
        ({"profile": {"growth": {"batch_sizes": [1]}}}, "batch_sizes: 1 "),
        (
            {
                "profile": {"growth": {"batch_sizes": [36]}},
                "encoder": {"name": "resnet-compact", "batch_norm_groups": 8},
            },
            "36 doesn't divide into 8 BatchNorm groups",
        ),
        ({"profile": {"growth": {"fractions": [0.5]}}, "arms": {"vanilla": None}}, "no arm has a rule"),
        ({"profile": {"growth": {"widths": [8]}}, "encoder": "resnet18-cifar"}, "no arm has an encoder with a `width`"),
        ({"profile": {"growth": {"dimensions": [1]}}}, "dimensions: 1 is too small"),
        (
            {
                "profile": {"claim_queue_sizes": [128]},
                "arms": {"vanilla": None, "filter": {"contrast": {"negatives": {"rule": "hardest", "count": 200}}}},
            },
            "too small for arm filter: count must be at most 128",
        ),
    ],
)
def test_what_can_not_be_asked_of_the_arms(changes, message):
    with pytest.raises(InputError, match=message):
        check_profile(suite(**changes))


def test_what_can_be_asked_passes():
    check_profile(suite(profile={"growth": {"fractions": [0.1], "batch_sizes": [32], "widths": [8]}, "leak_steps": 5}))
    check_profile(suite(profile=None))
