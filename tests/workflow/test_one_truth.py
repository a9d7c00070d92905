"""What `plan` lists is what runs, whatever happened to the results: files lost, edited or copied, wrong clocks."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pretended import pretend_tables

from moco_bench.cli.main import main
from moco_bench.files import SEAL
from moco_bench.suite.load import load_suite
from moco_bench.suite.plan import SuitePlan, plan_suite

RUN = "digits/resnet-compact/dual/seed1"
BEHIND = {"collect", "analyse", "report"}
TITLES = {
    "Check the images of": "prepare", "Evaluate raw pixels and untrained encoders on": "floors",
    "Measure what a step": "costs", "Profile all arms": "profile", "Gather all runs in": "collect",
    "Compute effects": "analyse", "Write reports": "report",
}  # fmt: skip


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def remove(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def unseal(name: str) -> Callable[[Path], None]:
    """As a version before seals wrote it."""

    def change(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        del content[SEAL]
        (folder / name).write_text(json.dumps(content))

    return change


def no_time_stamps(folder: Path) -> None:
    """As after a copy, or a download: one time for all files."""
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


def clocks_apart(folder: Path) -> None:
    """Files of a machine that is hours ahead of the one that made what depends on them."""
    for path in folder.rglob("run.json"):
        os.utime(path, (3e9, 3e9))


def no_records(folder: Path) -> None:
    shutil.rmtree(folder / ".snakemake", ignore_errors=True)


def moved_to_another_disk(folder: Path) -> None:
    shutil.move(folder / OF_THE_RUN, folder / "elsewhere")
    (folder / OF_THE_RUN).symlink_to(folder / "elsewhere")


def encoder_on_a_disk_that_is_gone(folder: Path) -> None:
    encoder = folder / OF_THE_RUN / "encoder.safetensors"
    encoder.unlink()
    encoder.symlink_to("/not/mounted/encoder.safetensors")


def another_arm_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder / OF_THE_RUN)
    shutil.copytree(folder / OF_THE_RUN.replace("/dual/", "/both/"), folder / OF_THE_RUN)


OF_THE_RUN = f"results/tiny/runs/{RUN}"
WAYS: dict[str, tuple[Callable[[Path], None], str | None, set[str]]] = {
    "nothing": (lambda folder: None, None, set()),
    "copied without time stamps": (no_time_stamps, None, set()),
    "clocks apart": (clocks_apart, None, set()),
    "Snakemake's records lost": (no_records, None, set()),
    "run folder lost": (remove(OF_THE_RUN), "new", BEHIND),
    "run.json lost": (remove(f"{OF_THE_RUN}/run.json"), "new", BEHIND),
    "encoder lost": (remove(f"{OF_THE_RUN}/encoder.safetensors"), "changed", BEHIND),
    "history lost": (remove(f"{OF_THE_RUN}/history.csv"), "changed", BEHIND),
    "resources lost": (remove(f"{OF_THE_RUN}/resources.json"), "changed", BEHIND),
    "metrics lost": (remove(f"{OF_THE_RUN}/metrics.json"), "evaluate", BEHIND),
    "encoder edited": (edit(f"{OF_THE_RUN}/encoder.safetensors", ".", ","), "changed", BEHIND),
    "encoder longer": (edit(f"{OF_THE_RUN}/encoder.safetensors", ".", ".."), "changed", BEHIND),
    "history edited": (edit(f"{OF_THE_RUN}/history.csv", ".", ","), "changed", BEHIND),
    "resources edited": (edit(f"{OF_THE_RUN}/resources.json", ".", ","), "changed", BEHIND),
    "metrics edited": (edit(f"{OF_THE_RUN}/metrics.json", "80.0", "99.0"), "evaluate", BEHIND),
    "run.json edited": (edit(f"{OF_THE_RUN}/run.json", '"seed": 1', '"seed": 7'), "changed", BEHIND),
    "run.json cut": (edit(f"{OF_THE_RUN}/run.json", "{", ""), "changed", BEHIND),
    "metrics of another seed": (
        lambda folder: (
            shutil.copy2(folder / OF_THE_RUN.replace("seed1", "seed0") / "metrics.json", folder / OF_THE_RUN) and None
        ),
        "evaluate",
        BEHIND,
    ),
    "metrics cut to nothing": (
        lambda folder: (folder / OF_THE_RUN / "metrics.json").write_text("") and None,
        "evaluate",
        BEHIND,
    ),
    "moved to another disk": (moved_to_another_disk, None, set()),
    "encoder on a disk that is gone": (encoder_on_a_disk_that_is_gone, "changed", BEHIND),
    "another arm in its place": (another_arm_in_its_place, "changed", BEHIND),
    "manifest cut": (edit("results/tiny/data/digits.json", "{", ""), None, {"prepare"}),
    "manifest edited": (edit("results/tiny/data/digits.json", "1438", "999"), None, {"prepare"}),
    "hash of the images edited": (
        edit("results/tiny/data/digits.json", '"sha256": "a', '"sha256": "b'),
        None,
        {"prepare"},
    ),
    "seal of the manifest lost": (unseal("results/tiny/data/digits.json"), None, set()),
    "manifest lost": (remove("results/tiny/data/digits.json"), None, {"prepare"}),
    "floors lost": (remove("results/tiny/floors/digits.json"), None, {"floors"} | BEHIND),
    "floors edited": (edit("results/tiny/floors/digits.json", "{}", '{"a": 1}'), None, {"floors"} | BEHIND),
    "table of runs lost": (remove("results/tiny/runs.csv"), None, BEHIND),
    "table of runs edited": (edit("results/tiny/runs.csv", "runs", "more"), None, BEHIND),
    "copy of the suite lost": (remove("results/tiny/suite.yaml"), None, BEHIND),
    "effects lost": (remove("results/tiny/effects.csv"), None, {"analyse", "report"}),
    "effects edited": (edit("results/tiny/effects.csv", "e", "E"), None, {"analyse", "report"}),
    "claims lost": (remove("results/tiny/claims.csv"), None, {"analyse", "report"}),
    "differences by class lost": (remove("results/tiny/classes.csv"), None, {"analyse", "report"}),
    "page of all runs lost": (remove("reports/tiny/runs.html"), None, {"analyse", "report"}),
    "figures lost": (remove("reports/tiny/figures"), None, {"analyse", "report"}),
    "a table of the report lost": (remove("reports/tiny/tables/accuracy.csv"), None, {"analyse", "report"}),
    "a figure's numbers edited": (edit("reports/tiny/figures/accuracy.csv", "arm", "ARM"), None, {"analyse", "report"}),
    "page lost": (remove("reports/tiny/report.html"), None, {"analyse", "report"}),
    "notes lost": (remove("results/tiny/.made"), None, BEHIND),
}


def listed(plan: SuitePlan) -> set[str]:
    """What a plan says will be done, in the words of the workflow."""
    trained = {f"Train {name}" for name in plan.to_do("pretrain")}
    return trained | {f"Evaluate {name}" for name in plan.to_do("evaluate")} | {step for step, _ in plan.steps()}


def would_run(jobs: set[str]) -> set[str]:
    """The jobs of a dry run, named as a plan names them."""
    named = set()
    for job in jobs:
        step = next((step for title, step in TITLES.items() if job.startswith(title)), None)
        named.add(job if step is None else f"{step} {job.split()[-1]}" if step in ("prepare", "floors") else step)
    return named


@pytest.mark.parametrize("way", WAYS)
def test_what_plan_lists_is_what_runs(finished: Any, workflow: Any, way: str) -> None:
    shutil.copytree(finished.directory, workflow.directory, dirs_exist_ok=True)
    change, state, steps = WAYS[way]
    change(workflow.directory)
    suite = workflow.directory / "suite.yaml"

    plan = plan_suite(load_suite(suite), suite, workflow.directory / "results", workflow.directory / "reports")

    assert {item.run.id: item.state for item in plan.runs if item.would_run} == ({RUN: state} if state else {})
    assert {step.split()[0] for step, _ in plan.steps()} == steps
    assert would_run(workflow.plan(suite).jobs) == listed(plan)


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": 3},
        {"evaluate__knn_k": 10},
        {"train__epochs": 2},
        {"arms__random": {"contrast": {"negatives": {"rule": "random", "fraction": 0.25}}}},
        {"budgets": ["epochs", "flops"]},
        {"profile": {"repeats": 2, "steps": 1, "warmup_steps": 1}},
        {"dataset": {"name": "digits", "train_limit": 1000}},
        {"contrasts": {"one-or-the-other": ["dual", "filter"]}},
    ],
    ids=str,
)
def test_a_changed_suite_runs_what_plan_lists(finished: Any, changes: dict[str, Any]) -> None:
    suite = finished.write_suite("changed.yaml", **changes)

    plan = plan_suite(load_suite(suite), suite, finished.directory / "results", finished.directory / "reports")

    assert would_run(finished.plan(suite).jobs) == listed(plan) != set()


def test_a_renamed_arm_is_taken_over(finished: Any, monkeypatch: Any, capsys: Any) -> None:
    arms = {"vanilla": {}, "two-views": {"contrast": {"dual_view": "key-in-batch"}}}
    suite = finished.write_suite("renamed.yaml", arms=arms)
    monkeypatch.chdir(finished.directory)

    assert main(["plan", str(suite), "--json"]) == 0

    planned = {item["run"]: (item["state"], item["reason"]) for item in json.loads(capsys.readouterr().out)}
    place = "digits/resnet-compact"
    assert planned[f"{place}/vanilla/seed0"] == ("done", "")
    assert planned[f"{place}/two-views/seed0"] == ("shared", f"taken over from tiny/runs/{place}/dual/seed0")


def test_plan_says_what_is_replaced_and_what_is_complete(workflow: Any, monkeypatch: Any, capsys: Any) -> None:
    suite = workflow.write_suite(seeds=1)
    workflow.pretend(suite)
    monkeypatch.chdir(workflow.directory)
    assert main(["plan", "suite.yaml"]) == 0
    assert capsys.readouterr().out.endswith("Nothing to do: the suite is complete.\n4 runs: 4 done\n")

    workflow.write_suite(seeds=1, train__epochs=2)
    assert main(["plan", "suite.yaml"]) == 0
    assert "Runs that have changed replace the results that are there." in capsys.readouterr().out


def test_results_made_by_commands_alone_are_complete(workflow: Any) -> None:
    """No `.snakemake`, and a table made again by hand."""
    suite = workflow.write_suite(seeds=1)
    workflow.pretend(suite)
    (workflow.directory / "results/tiny/.made/collect.json").unlink()
    assert workflow.plan(suite).counts == {"collect": 1, "analyse": 1, "report": 1}
    pretend_tables(suite, workflow.directory)
    assert workflow.plan(suite).jobs == set()
