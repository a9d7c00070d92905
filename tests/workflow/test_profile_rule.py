"""The profile's place in the workflow: alone on the machine, before the grid, and only where a suite asks for it."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROFILE = "Profile all arms"
TINY = {"repeats": 2, "steps": 1, "warmup_steps": 1}


def test_only_a_suite_that_asks_for_it_is_profiled(workflow: Any) -> None:
    assert PROFILE not in workflow.plan(workflow.write_suite()).jobs
    assert PROFILE in workflow.plan(workflow.write_suite(profile=TINY)).jobs


def test_it_takes_all_cores() -> None:
    assert (ROOT / "workflow/rules/profile.smk").read_text().count("threads: ALL_CORES") == 2


def test_a_changed_profile_measures_again_and_trains_nothing(workflow: Any) -> None:
    workflow.pretend(workflow.write_suite(profile=TINY))
    plan = workflow.plan(workflow.write_suite(profile={**TINY, "repeats": 3}))
    assert {"profile", "report"} <= set(plan.counts)
    assert "pretrain" not in plan.counts
    assert "evaluate" not in plan.counts


def test_a_changed_arm_is_profiled_again(workflow: Any) -> None:
    workflow.pretend(workflow.write_suite(profile=TINY))
    changed = {"contrast": {"dual_view": "key-in-batch", "key_weight": 0.25}}
    assert workflow.plan(workflow.write_suite(profile=TINY, arms__dual=changed)).counts["profile"] == 1
