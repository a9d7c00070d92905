"""A profile in a report: every number has its file; absent, empty and damaged tables are left out."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.profile import accuracy_and_cost
from moco_bench.report.read.results import load_results
from moco_bench.report.render.figures import as_svg
from moco_bench.report.sections.growth import exponents_table, growth_figure, leak_table
from moco_bench.report.sections.memory_claim import (
    capacity_table,
    memory_claim_notes,
    memory_claim_table,
    pareto_figure,
)
from moco_bench.report.sections.profile.figures import memory_figure, step_time_figure, timeline_figure
from moco_bench.report.sections.profile.notes import (
    machine_notes,
    profile_notes,
    tensor_notes,
)
from moco_bench.report.sections.profile.tables import profile_table, tensor_parts_table, work_table

FIGURES = (step_time_figure, memory_figure, timeline_figure, growth_figure, pareto_figure)
NOTES = (profile_notes, machine_notes, memory_claim_notes, tensor_notes)
TABLES = (
    profile_table, work_table, memory_claim_table, capacity_table, exponents_table, leak_table, tensor_parts_table,
)  # fmt: skip
FACTORS = {"vanilla": 1.0, "dual": 1.1, "filter": 1.2, "both": 1.3}


def test_every_number_links_to_its_file(results, links):
    cells = [cell for row in profile_table(results, links).rows for cell in row if cell.href]
    assert {cell.href.rsplit("/", 1)[1] for cell in cells} == {"time.csv", "memory.csv"}
    for make in TABLES:
        table = make(results, links)
        for row in table.rows:
            for place, cell in enumerate(row):
                if table.columns[place].numeric and any(char.isdigit() for char in cell.text):
                    assert cell.href or table.leads(place, cell), (table.name, table.columns[place].name)


def test_accuracy_meets_cost_by_arm(results):
    table = accuracy_and_cost(results).set_index("arm")
    assert table["step_ms"].to_dict() == pytest.approx({arm: 75 * factor for arm, factor in FACTORS.items()})
    expected = results.runs.groupby("arm")["knn_top1"].mean()
    for arm in FACTORS:
        assert table.loc[arm, "top1"] == pytest.approx(expected[arm])


@pytest.mark.parametrize("draw", FIGURES)
def test_every_figure_says_what_it_shows_and_can_be_drawn(results, draw):
    plot = draw(results)
    assert len(plot.alt) > 30
    assert plot.alt.endswith(".")
    assert plot.caption.endswith(".")
    assert not plot.data.empty
    svg = as_svg(plot)
    ElementTree.fromstring(svg)
    assert "mathdefault" not in svg


def test_without_a_profile_there_is_nothing_of_it(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    results, links = load_results(path), Links(path, path / "report")
    assert [draw(results) for draw in FIGURES] == [None] * len(FIGURES)
    assert [make(results, links) for make in TABLES] == [None] * len(TABLES)
    assert profile_notes(results) == machine_notes(results) == memory_claim_notes(results) == []


@pytest.mark.parametrize("content", ["", "arm,part\n", "\x00\x01", "arm,phase,part,mib,dataset,encoder\n"])
def test_damaged_tables_are_left_out(tmp_path, synthetic, content):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    (path / "profile").mkdir()
    names = (
        "time", "memory", "parts", "timeline", "work", "growth", "queues", "capacity", "leak_verdicts",
    )  # fmt: skip
    for name in names:
        (path / "profile" / f"{name}.csv").write_text(content)
    (path / "profile" / "profile.json").write_text("[")
    results, links = load_results(path), Links(path, path / "report")
    assert [draw(results) for draw in FIGURES] == [None] * len(FIGURES)
    assert [make(results, links) for make in TABLES] == [None] * len(TABLES)


WRONG = ("", "abc", "-1", "0", "inf", "nan", "1e300", '"', "true")


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 8))])
def test_no_damage_stops_the_report(tmp_path, synthetic, synthetic_profile, seed):
    random = np.random.default_rng(seed)
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    for file in sorted((path / "profile").glob("*.csv")):
        lines = file.read_text().splitlines()
        for place in random.integers(0, len(lines), size=3):
            cells = lines[place].split(",")
            cells[random.integers(len(cells))] = WRONG[random.integers(len(WRONG))]
            lines[place] = ",".join(cells)
        file.write_text("\n".join(lines))
    summary = path / "profile" / "profile.json"
    wrong = ["null", "[]", '"x"'][seed % 3]
    summary.write_text(summary.read_text().replace(["0.3", '"compiler"', "9e10", "2"][seed % 4], wrong))
    results, links = load_results(path), Links(path, path / "report")
    for plot in (draw(results) for draw in FIGURES):
        assert plot is None or "<svg" in as_svg(plot)
    assert all(table is None or table.frame() is not None for table in (make(results, links) for make in TABLES))
    assert all(isinstance(note, str) for notes in NOTES for note in notes(results))
