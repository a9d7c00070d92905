"""A run that another suite takes over stays that suite's own: neither of the two is done again."""

import json
import subprocess
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("quick_commands")
RUN = "digits/resnet-compact/vanilla/seed0"
ONE = {
    "seeds": 1,
    "arms": {"vanilla": {}},
    "dataset": {"name": "digits", "train_limit": 128, "test_limit": 40},
    "encoder": {"name": "resnet-compact", "width": 64},
    "contrast": {"queue_size": 64},
    "evaluate__corruptions": False,
    "evaluate__probe": {"c_values": [1.0]},
}
CHECKSUMS_UP_TO = 1_000_000
"""Bytes up to which Snakemake compares checksums before it believes a time stamp."""


def test_a_suite_that_lent_a_run_has_nothing_to_do(workflow: Any) -> None:
    lender, borrower = (
        workflow.write_suite("lender.yaml", **ONE),
        workflow.write_suite("other.yaml", name="other", **ONE),
    )
    for name, suite in (("tiny", lender), ("other", borrower)):
        outcome = workflow.run("--cores", "1", f"results/{name}/runs/{RUN}/metrics.json", "--configfile", suite)
        assert outcome.code == 0, outcome.text

    encoder = workflow.directory / "results" / "tiny" / "runs" / RUN / "encoder.safetensors"
    assert encoder.stat().st_size > CHECKSUMS_UP_TO
    assert "shared with" in (workflow.directory / "logs" / "other" / "pretrain" / f"{RUN}.log").read_text()
    for name, suite in (("tiny", lender), ("other", borrower)):
        plan = workflow.run("--dry-run", f"results/{name}/runs/{RUN}/metrics.json", "--configfile", suite)
        assert plan.code == 0, plan.text
        assert plan.jobs == set(), plan.text


def test_two_suites_at_the_same_time_train_what_they_share_once(workflow: Any) -> None:
    arms = {"vanilla": {}, "dual": {"contrast": {"dual_view": "key-in-batch"}}}
    small = {**ONE, "seeds": 2, "arms": arms, "encoder": {"name": "resnet-compact", "width": 8}}
    suites = [workflow.write_suite(f"{name}.yaml", **{**small, "name": name}) for name in ("first", "second")]
    command = [*workflow.command, "--cores", "2", "--until", "pretrain", "--configfile"]
    at_work = [
        subprocess.Popen([*command, str(suite)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for suite in suites
    ]
    for process in at_work:
        text, _ = process.communicate(timeout=300)
        assert process.returncode == 0, text

    records = [json.loads(path.read_text()) for path in workflow.directory.glob("results/*/runs/*/*/*/seed*/run.json")]
    trained = [record["fingerprint"] for record in records if record["shared_from"] is None]
    assert len(records) == 8
    assert len(trained) == len(set(trained)) == 4
    assert not list(workflow.directory.glob("results/.finished/*.lock"))
    for suite in suites:
        assert "pretrain" not in workflow.plan(suite).counts
