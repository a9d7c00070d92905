import json

import pytest

from moco_bench.suite.load import parse_suite
from moco_bench.suite.profiled import StepTimes, profile_fingerprint, profiled_runs, step_times


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


def test_every_arm_once_with_the_first_seed():
    runs = profiled_runs(suite())
    assert list(runs) == [("digits", "resnet-compact")]
    assert {arm: (run.seed, run.replicate) for arm, run in runs["digits", "resnet-compact"].items()} == {
        "vanilla": (3, 1), "filter": (3, 1)
    }  # fmt: skip


def test_the_fingerprint_follows_what_is_measured():
    plain = profile_fingerprint(suite())
    assert profile_fingerprint(suite()) == plain
    assert profile_fingerprint(suite(profile={"steps": 9})) != plain
    assert profile_fingerprint(suite(train={"batch_size": 32})) != plain
    assert profile_fingerprint(suite(seeds=[3, 4, 5])) == plain  # only the first seed is profiled
    growing = profile_fingerprint(suite(profile={"growth": {"encoders": [{"name": "resnet18-cifar"}]}}))
    assert growing != plain


def test_a_profile_is_no_part_of_a_run():
    (with_profile,) = {
        run.fingerprint for arms in profiled_runs(suite()).values() for run in arms.values() if run.arm == "vanilla"
    }
    (without,) = {
        run.fingerprint
        for arms in profiled_runs(suite(profile=None)).values()
        for run in arms.values()
        if run.arm == "vanilla"
    }
    assert with_profile == without


TIMES = """arm,part,median_ms,dataset,encoder
vanilla,step,20,digits,resnet-compact
vanilla,loss,5,digits,resnet-compact
filter,step,nan,digits,resnet-compact
"""


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ({"cpu": "A  processor", "gpus": []}, "A processor"),
        ({"cpu": "A processor", "gpus": ["A card", "A card"]}, "A card"),
        (None, "a machine without a name"),
    ],
)
def test_how_long_steps_took_and_on_what(tmp_path, machine, name):
    (tmp_path / "profile.json").write_text(
        json.dumps({"fingerprint": profile_fingerprint(suite()), "machine": machine})
    )
    (tmp_path / "time.csv").write_text(TIMES)

    assert step_times(suite(), tmp_path) == StepTimes({("digits", "resnet-compact", "vanilla"): 0.02}, name)
    assert step_times(suite(train={"batch_size": 32}), tmp_path) is None  # it is about other steps


@pytest.mark.parametrize("damaged", ["profile.json", "time.csv"])
def test_a_profile_that_is_damaged_tells_nothing(tmp_path, damaged):
    (tmp_path / "profile.json").write_text(json.dumps({"fingerprint": profile_fingerprint(suite())}))
    (tmp_path / "time.csv").write_text(TIMES)
    assert step_times(suite(), tmp_path) is not None
    (tmp_path / damaged).write_bytes(b"\xff\0,")

    assert step_times(suite(), tmp_path) is None
