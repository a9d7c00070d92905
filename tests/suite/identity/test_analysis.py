"""The fingerprint of the analysis: what changes it, what doesn't, and who was started under another."""

import subprocess
import sys

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.identity.analysis import RECORDED_AS, analysis_fingerprint, started_under
from moco_bench.suite.load import parse_suite

SUITE = {
    "name": "s",
    "datasets": [{"name": "cifar10"}, {"name": "cifar100"}],
    "encoder": {"name": "resnet-compact", "width": 16},
    "contrast": {"queue_size": 1024},
    "train": {"epochs": 5, "batch_size": 64},
    "seeds": [0, 1, 2],
    "arms": {
        "vanilla": None,
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
    },
}


def fingerprint(**changes):
    return analysis_fingerprint(parse_suite({**SUITE, **changes}, "test"))


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": [0, 1, 2, 3]},  # optional stopping: more seeds after a look at the first
        {"repeat_seeds": [0]},
        {"budgets": ["epochs", "flops"]},
        {"datasets": [{"name": "cifar10"}]},
        {"datasets": [{"name": "cifar10", "train_limit": 1000}, {"name": "cifar100"}]},
        {"encoder": {"name": "resnet-compact", "width": 32}},
        {"contrast": {"queue_size": 2048}},
        {"train": {"epochs": 6, "batch_size": 64}},
        {"evaluate": {"knn_k": 20}},
        {"evaluate": {"probe": {"holdout": 0.3}}},
        {"arms": {**SUITE["arms"], "dual": {"contrast": {"dual_view": "key-anchored"}}}},
        {"arms": {**SUITE["arms"], "filter2": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.5}}}}},
        {"arms": {name: arm for name, arm in SUITE["arms"].items() if name != "filter"}},
        {"analysis": {"margin_points": 0.5}},
        {"analysis": {"holm": "suite"}},
        {"contrasts": {"filter-dual": ["filter", "dual"]}},
        {"profile": {}},
    ],
    ids=str,
)
def test_rules_and_design_are_registered(changes):
    assert fingerprint(**changes) != fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"description": "words"},
        {"seeds": 3},
        {"seeds": [2, 0, 1]},
        {"datasets": [{"name": "cifar100", "label": "hundred"}, {"name": "cifar10", "root": "elsewhere"}]},
        {"train": {"epochs": 5, "batch_size": 64, "device": "cpu", "checkpoint_seconds": 1.0}},
        {"arms": {**SUITE["arms"], "dual": {"contrast": {"dual_view": "key-in-batch", "queue_size": 1024}}}},
        {"arms": {**SUITE["arms"], "filter": {"contrast": {"negatives": "hardest"}}}},
        {"arms": dict(reversed(SUITE["arms"].items()))},
    ],
    ids=str,
)
def test_what_changes_no_numbers_is_not(changes):
    assert fingerprint(**changes) == fingerprint()


def test_an_arm_that_cannot_be_is_one_line():
    with pytest.raises(InputError, match=r"arms\.dual"):
        fingerprint(arms={"dual": {"contrast": {"dual_view": "thrice"}}})


def test_runs_of_another_analysis_are_named():
    now = fingerprint()
    records = {
        "runs/a": {RECORDED_AS: now},
        "runs/b": {RECORDED_AS: fingerprint(seeds=2)},
        "runs/c": {},
        "runs/d": {RECORDED_AS: None},
        "runs/e": {RECORDED_AS: 7},
    }
    found = started_under(records, now)
    assert found.other == ("runs/b",)
    assert found.unknown == ("runs/c", "runs/d", "runs/e")
    assert started_under({}, now) == ((), ())


@pytest.mark.slow  # a process of its own
def test_a_run_needs_neither_torch_nor_pandas_to_record_it():
    code = "import sys, moco_bench.suite.identity.analysis; sys.exit(bool({'torch', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
