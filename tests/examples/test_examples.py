"""The examples from an empty folder outside the checkout: each idea conforms, and the suite runs to its report."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from moco_bench.cli.main import main
from moco_bench.components.plugins import load_plugins
from moco_bench.suite import metrics as registry
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand
from moco_bench.testing import check

ROOT = Path(__file__).parents[2]
IDEAS = sorted((ROOT / "examples" / "ideas").glob("*.py"))


@pytest.mark.parametrize("path", IDEAS, ids=lambda path: path.stem)
def test_an_example_conforms(path):
    for classes in load_plugins([path]).ideas.values():
        for idea in classes.values():
            check(idea())


def test_the_document_shows_the_files_as_they_are():
    blocks = re.findall(r"```(?:python|yaml)\n(.*?)```", (ROOT / "docs" / "plugins.md").read_text(), re.DOTALL)
    for path in (*IDEAS, *(ROOT / "examples").glob("*.yaml")):
        assert path.read_text() in blocks, path.name


@pytest.mark.slow
def test_the_suite_runs_to_its_report_and_an_edit_runs_one_arm_again(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "examples", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["prepare", "mine.yaml", "--dataset", "digits"]) == 0
    suite = load_suite("mine.yaml")
    everything = {*suite.plugins, *load_suite("whole.yaml").plugins}
    assert len(everything) == len(IDEAS), "an example that no suite runs"
    for run in expand(suite):
        assert main(["pretrain", "mine.yaml", "--run", run.id]) == 0
        assert main(["evaluate", "mine.yaml", "--run", run.id]) == 0
    assert main(["collect", "mine.yaml"]) == 0
    for path in Path("ideas").glob("*.py"):
        path.rename(path.with_suffix(".away"))
    assert main(["analyse", "results/mine"]) == 0
    assert main(["report", "results/mine", "--out", "reports/mine"]) == 0
    assert "align-uniform" in Path("reports/mine/report.html").read_text()
    with open("results/mine/runs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["status"] for row in rows} == {"done"}
    assert len(rows) == 8

    for path in Path("ideas").glob("*.away"):
        path.rename(path.with_suffix(".py"))
    soft = Path("ideas/soft.py")
    soft.write_text(soft.read_text().replace("self.power * similarity", "self.power * similarity**3"))
    capsys.readouterr()
    assert main(["plan", "mine.yaml", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    again = [item for item in planned if item["would_run"]]
    assert {item["arm"] for item in again} == {"soft", "softer"}
    assert {item["reason"] for item in again} == {"the file of a plug-in has changed"}


@pytest.mark.slow
def test_ideas_of_every_kind_run_through_one_suite_and_an_edit_runs_its_arms_alone(tmp_path, monkeypatch, capsys):
    pytest.importorskip("timm")
    shutil.copytree(ROOT / "examples", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    try:
        assert main(["prepare", "whole.yaml", "--dataset", "shapes"]) == 0
        assert main(["evaluate", "whole.yaml", "--floors", "shapes"]) == 0
        for run in expand(load_suite("whole.yaml")):
            assert main(["pretrain", "whole.yaml", "--run", run.id]) == 0
            assert main(["evaluate", "whole.yaml", "--run", run.id]) == 0
        assert main(["collect", "whole.yaml"]) == 0
        for path in Path("ideas").glob("*.py"):
            path.rename(path.with_suffix(".away"))
        assert main(["analyse", "results/whole"]) == 0
        assert main(["report", "results/whole", "--out", "reports/whole"]) == 0
        for path in Path("ideas").glob("*.away"):
            path.rename(path.with_suffix(".py"))
        with open("results/whole/runs.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {(row["dataset"], row["status"]) for row in rows} == {("shapes", "done")}
        assert all(0 < float(row["separation"]) < 1 for row in rows)
        with open("results/whole/effects.csv", newline="") as file:
            assert "separation" in {row["metric"] for row in csv.DictReader(file)}
        assert "Separation" in Path("reports/whole/report.html").read_text()
        assert _trained_again("align_uniform", capsys) == {"align-uniform"}
        assert _trained_again("separation", capsys) == set()
        assert _trained_again("cutout", capsys) == {"cutout"}
        assert _trained_again("small_timm", capsys) == {"vanilla", "soft", "align-uniform", "cutout"}
        assert _trained_again("shapes", capsys) == {"vanilla", "soft", "align-uniform", "cutout", "other-timm"}
    finally:
        registry.forget_added()


def _trained_again(idea, capsys):
    """The arms whose training an edit of this idea makes run again; the edit is taken back."""
    path = Path("ideas", f"{idea}.py")
    before, text = {run.id: run.fingerprint for run in expand(load_suite("whole.yaml"))}, path.read_text()
    path.write_text(text + "# edited\n")
    after = expand(load_suite("whole.yaml"))
    capsys.readouterr()
    assert main(["plan", "whole.yaml", "--json"]) == 0
    planned = {item["arm"] for item in json.loads(capsys.readouterr().out) if item["would_run"]}
    path.write_text(text)
    changed = {run.arm for run in after if before[run.id] != run.fingerprint}
    assert changed <= planned
    return changed
