"""Speed and memory of the runs."""

import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.cost import cost_table, process_memory_notes, speed_notes


def test_speed_leaves_disturbed_runs_out(loaded):
    table = cost_table(*loaded).frame().set_index("arm")
    assert table.loc["dual", "quiet_runs"] == 3
    assert table.loc["vanilla", "relative_speed"] == 1
    runs = loaded[0].finished
    quiet = runs[runs["exclusive"]].groupby("arm")["images_per_second"].mean()
    assert table.loc["dual", "relative_speed"] == pytest.approx(quiet["dual"] / quiet["vanilla"])
    memory = runs.groupby("arm")["peak_memory_mib"].mean()
    assert table.loc["both", "relative_memory"] == pytest.approx(memory["both"] / memory["vanilla"])


def test_where_no_run_was_alone_there_are_no_speeds(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2), foreign=("seed0", "seed1"))
    table = cost_table(load_results(path), Links(path, tmp_path / "out"))
    names = [column.name for column in table.columns]
    assert names == ["arm", "peak_memory_mib", "relative_memory", "memory_source", "quiet_runs"]
    assert all(len(row) == len(names) for row in table.rows)
    assert "No run had the machine to itself" in table.caption


ALL = ("seed0", "seed1", "seed2")


def test_runs_that_shared_the_machine_report_no_speed(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3), foreign=ALL)
    results = load_results(path)
    (first,), (second,) = speed_notes(results), process_memory_notes(results)
    assert "speeds are not reported" in first
    assert second.startswith("Peak memory of the process")
