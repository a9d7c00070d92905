import json

import pytest

from moco_bench.cli.main import main
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.benchmarks.tables import benchmarks_table

MACHINE = {"system": "Linux", "cpu": {"brand_raw": "Some CPU", "count": 2}}
STATS = {"median": 0.012, "q1": 0.0119, "q3": 0.0121, "rounds": 9}
BEFORE = {
    "name": "test_loss_speed.py::test_a",
    "group": None,
    "median_ms": 10.0,
    "q1_ms": 9.9,
    "q3_ms": 10.1,
    "rounds": 9,
}


@pytest.fixture
def now(tmp_path):
    path = tmp_path / "now.json"
    benchmark = {"fullname": "benchmarks/parts/test_loss_speed.py::test_a", "group": None, "stats": STATS}
    path.write_text(json.dumps({"machine_info": MACHINE, "benchmarks": [benchmark]}))
    return path


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "stored.json"
    machine = {"cpu": "Some CPU", "model": None, "instructions": [], "cores": 2, "system": "Linux"}
    path.write_text(json.dumps({"protocol": 1, "machine": machine, "benchmarks": [BEFORE]}))
    return path


def test_collect_joins_and_the_report_shows(tmp_path, now, stored, synthetic):
    directory = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    suite = str(directory / "suite.yaml")
    arguments = ["collect", suite, "--results", str(tmp_path), "--benchmarks", str(now)]
    assert main([*arguments, "--stored-benchmarks", str(stored)]) == 0
    frame = benchmarks_table(load_results(directory), Links(directory, tmp_path)).frame()
    assert frame["verdict"].tolist() == ["slower"]
    assert frame["median_ms"].tolist() == [12.0]
    now.write_text("{")
    assert main(arguments) == 2


def test_a_damaged_file_that_nobody_asked_for_stops_nothing(tmp_path, synthetic, monkeypatch, capsys):
    directory = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".benchmarks").mkdir()
    (tmp_path / ".benchmarks" / "latest.json").write_text("{")
    assert main(["collect", str(directory / "suite.yaml"), "--results", str(tmp_path)]) == 0
    assert "left out" in capsys.readouterr().err
    assert benchmarks_table(load_results(directory), Links(directory, tmp_path)) is None
