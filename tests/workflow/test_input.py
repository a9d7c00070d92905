"""What can't be right ends Snakemake with one line that says why, before anything is written."""

from collections.abc import Callable
from typing import Any

import pytest


def only_line(outcome: Any, code: int) -> str:
    """What the workflow itself printed."""
    assert outcome.code == code, outcome.text
    assert "Traceback" not in outcome.text
    lines = [line for line in outcome.text.splitlines() if line.startswith("moco-bench: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (lambda w: ["--configfile", w.write_suite(train__epoch=3)], "train.epoch: unknown key; did you mean 'epochs'?"),
        (lambda w: ["--configfile", w.write_suite(name="../outside")], "name"),
        (lambda w: ["--configfile", w.write_suite(contrast__queue_size=100)], "not a multiple"),
        (lambda w: ["--configfile", w.write_suite(), "--config", "seeds=9"], "--config is not for suites"),
        (lambda w: ["--configfile", w.write_suite("a.yaml"), w.write_suite("b.yaml")], "one suite, not 2"),
        (lambda w: ["--software-deployment-method", "conda", "--configfile", w.write_suite()], "leave out --software"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(workflow: Any, arguments: Callable[[Any], list[Any]], said: str) -> None:
    outcome = workflow.run("--dry-run", *arguments(workflow))
    assert said in only_line(outcome, code=2)
    assert not (workflow.directory / "results").exists()


def test_a_run_that_the_suite_does_not_have_is_no_target(workflow: Any) -> None:
    suite = workflow.write_suite()
    outcome = workflow.run(
        "--dry-run", "results/tiny/runs/digits/resnet-compact/dual/seed7/run.json", "--configfile", suite
    )
    assert outcome.code == 1
    assert "MissingRuleException" in outcome.text


def test_nor_is_it_in_a_suite_of_many_arms(workflow: Any) -> None:
    """Their names are too many for Snakemake's patterns."""
    arms = {f"an-arm-of-many-{number}": {"contrast": {"momentum": number / 100}} for number in range(60)}
    suite = workflow.write_suite(arms={"vanilla": None, **arms})
    target = "results/tiny/runs/digits/resnet-compact/no-such-arm/seed0/metrics.json"
    outcome = workflow.run("--dry-run", target, "--configfile", suite)
    assert outcome.code == 1
    assert "no-such-arm" in outcome.text


def test_without_a_suite_it_is_the_quickstart(workflow: Any) -> None:
    outcome = workflow.run("--dry-run")
    assert outcome.code == 0, outcome.text
    assert outcome.counts["pretrain"] == 12
    assert "Write reports/quickstart/report.html" in outcome.jobs


def test_a_suite_replaces_the_quickstart_and_is_not_merged_with_it(workflow: Any) -> None:
    plan = workflow.plan(workflow.write_suite(arms={"vanilla": {}}, seeds=1))
    assert plan.counts["pretrain"] == 1


def test_results_that_are_a_file_are_refused_with_a_remedy(workflow: Any) -> None:
    (workflow.directory / "results").touch()
    outcome = workflow.run("--cores", "1", "--configfile", workflow.write_suite())
    told = "moco-bench: results is a file; a folder would be right: move it away, or choose another folder"
    assert only_line(outcome, 2) == told
