"""A run that another suite takes over stays that suite's own: neither of the two is done again."""

from typing import Any

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
