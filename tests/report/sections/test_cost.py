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


def test_of_many_arms_the_ends_are_said(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    for place in range(8):
        values["arms"][f"more{place}"] = {"contrast": {"temperature": 0.21 + place / 100}}
    results = load_results(synthetic.write_results(tmp_path, values))

    speed, memory = speed_notes(results)[0], process_memory_notes(results)[0]

    assert speed.startswith("Speed relative to vanilla (lowest and highest of 11 arms): ")
    assert "(lowest and highest of 12 arms)" in memory
    table = cost_table(results, Links(tmp_path, tmp_path / "out")).frame().set_index("arm")
    assert table["peak_memory_mib"].idxmax() in memory
    assert memory.count("MiB") == 2
    assert speed.count("times") == 2
