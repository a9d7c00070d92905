"""The examples from an empty folder outside the checkout: each idea conforms, and the suite runs to its report."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from moco_bench.cli.main import main
from moco_bench.components.plugins import load_plugins
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import load_suite
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
    for path in (*IDEAS, ROOT / "examples" / "mine.yaml"):
        assert path.read_text() in blocks, path.name


@pytest.mark.slow
def test_the_suite_runs_to_its_report_and_an_edit_runs_one_arm_again(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "examples", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["prepare", "mine.yaml", "--dataset", "digits"]) == 0
    suite = load_suite("mine.yaml")
    assert len(suite.plugins) == len(IDEAS), "an example that no suite runs"
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
    assert {item["arm"] for item in planned if item["would_run"]} == {"soft", "softer"}
