"""What runs again after a change: exactly the jobs whose results it changes, and those behind them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moco_bench.files import sealed

BEHIND = {"Gather all runs in results/tiny/runs.csv", "Compute effects and claims", "Write reports/tiny/report.html"}
"""What follows every change."""

HARDEST = {"rule": "hardest", "fraction": 0.25}


def runs_of(arm: str, *, seeds: int = 2) -> set[str]:
    """The one job of each run: it trains and evaluates."""
    return {f"Train digits/resnet-compact/{arm}/seed{seed}" for seed in range(seeds)}


def test_a_new_suite_runs_everything(workflow: Any) -> None:
    counts = workflow.plan(workflow.write_suite()).counts
    assert counts == {
        "prepare": 1,
        "floors": 1,
        "pretrain": 8,
        "collect": 1,
        "analyse": 1,
        "report": 1,
    }


def test_a_second_run_does_nothing(finished: Any) -> None:
    outcome = finished.plan(finished.write_suite())
    assert outcome.jobs == set()
    assert "Nothing to be done" in outcome.text


def test_a_changed_arm_runs_that_arm_and_what_depends_on_it(finished: Any) -> None:
    changed = {"contrast": {"dual_view": "key-in-batch", "negatives": {"rule": "hardest", "fraction": 0.5}}}
    plan = finished.plan(finished.write_suite(arms__both=changed))
    assert plan.jobs == runs_of("both") | BEHIND


def test_an_added_arm_runs_alone(finished: Any) -> None:
    plan = finished.plan(finished.write_suite(arms__random={"contrast": {"negatives": {**HARDEST, "rule": "random"}}}))
    assert plan.jobs == runs_of("random") | BEHIND


def test_an_added_seed_runs_alone(finished: Any) -> None:
    plan = finished.plan(finished.write_suite(seeds=3))
    new = {f"Train digits/resnet-compact/{arm}/seed2" for arm in ("vanilla", "dual", "filter", "both")}
    assert plan.jobs == new | {"Evaluate raw pixels and untrained encoders on digits"} | BEHIND


def test_another_k_of_knn_evaluates_again_and_trains_nothing(finished: Any) -> None:
    counts = finished.plan(finished.write_suite(evaluate__knn_k=10)).counts
    assert counts == {"evaluate": 8, "floors": 1, "collect": 1, "analyse": 1, "report": 1}


def test_other_questions_to_the_same_runs_only_analyse_again(finished: Any) -> None:
    plan = finished.plan(finished.write_suite(contrasts={"one-or-the-other": ["dual", "filter"]}))
    assert plan.jobs == BEHIND


def test_another_data_set_request_checks_the_data_again(finished: Any) -> None:
    counts = finished.plan(finished.write_suite(dataset={"name": "digits", "train_limit": 1000})).counts
    assert counts["prepare"] == 1
    assert counts["pretrain"] == 8


def test_the_device_is_not_part_of_a_run(finished: Any) -> None:
    assert finished.plan(finished.write_suite(train__device="cpu")).jobs == BEHIND


def test_a_suite_file_that_moved_trains_nothing(finished: Any) -> None:
    suite = finished.write_suite()
    moved = finished.directory / "elsewhere" / "moved.yaml"
    moved.parent.mkdir(exist_ok=True)
    shutil.copy(suite, moved)
    assert finished.plan(moved).jobs == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The same set of values before and after, which is all that Snakemake compares of a rule's params.
        ({"channels_last": True, "deterministic": False}, {"channels_last": False, "deterministic": True}),
        ({"learning_rate": 0.5, "sgd_momentum": 0.25}, {"learning_rate": 0.25, "sgd_momentum": 0.5}),
    ],
)
def test_values_that_change_places_run_exactly_their_arm(workflow: Any, before: Any, after: Any) -> None:
    def suite(train: dict[str, Any]) -> Path:
        return workflow.write_suite(seeds=1, arms={"vanilla": {}, "other": {"train": train}})

    workflow.pretend(suite(before))
    assert workflow.plan(suite(after)).jobs == runs_of("other", seeds=1) | BEHIND


def test_images_that_changed_train_again_and_a_new_time_stamp_does_not(workflow: Any) -> None:
    suite = workflow.write_suite(seeds=1, arms={"vanilla": {}})
    workflow.pretend(suite)
    manifest = workflow.directory / "results/tiny/data/digits.json"
    os.utime(manifest, (2e9, 2e9))
    assert workflow.plan(suite).jobs == set()
    manifest.write_text(json.dumps(sealed({**json.loads(manifest.read_text()), "sha256": "another"})))
    counts = workflow.plan(suite).counts
    assert counts == {"pretrain": 1, "floors": 1, "collect": 1, "analyse": 1, "report": 1}


def test_a_users_own_file_that_changed_is_described_again(workflow: Any) -> None:
    images = workflow.directory / "own.npz"
    np.savez(images, x=np.zeros(1))
    own = {"name": "npz", "path": str(images)}
    suite = workflow.write_suite(seeds=1, arms={"vanilla": {}}, dataset=own)
    workflow.pretend(suite)
    assert workflow.plan(suite).jobs == set()
    np.savez(images, x=np.ones(2))
    assert workflow.plan(suite).counts["prepare"] == 1


def test_a_lost_file_is_made_again_with_what_depends_on_it(workflow: Any) -> None:
    suite = workflow.write_suite(seeds=1)
    workflow.pretend(suite)
    run = "digits/resnet-compact/filter/seed0"
    (workflow.directory / "results/tiny/runs" / run / "metrics.json").unlink()
    assert workflow.plan(suite).jobs == {f"Evaluate {run}"} | BEHIND
