"""What the report shows of a profile: numbers behind tables and figures, and nothing where nothing was measured."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.page import SECTIONS, build_page
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
    reference_range,
    tensor_notes,
)
from moco_bench.report.sections.profile.tables import profile_table, tensor_parts_table, work_table

FIGURES = (step_time_figure, memory_figure, timeline_figure, growth_figure, pareto_figure)
NOTES = (profile_notes, machine_notes, memory_claim_notes, tensor_notes)
TABLES = (
    profile_table, work_table, memory_claim_table, capacity_table, exponents_table, leak_table, tensor_parts_table,
)  # fmt: skip


FACTORS = {"vanilla": 1.0, "dual": 1.1, "filter": 1.2, "both": 1.3}


@pytest.fixture(scope="module")
def results(profiled_directory):
    return load_results(profiled_directory)


@pytest.fixture(scope="module")
def links(profiled_directory):
    return Links(profiled_directory, profiled_directory / "report")


def test_the_table_shows_the_profiles_figures(results, links):
    frame = profile_table(results, links).frame().set_index("arm")
    assert frame.loc["both", "step_ms"] == pytest.approx(75 * 1.3)
    assert frame.loc["both", "relative_time"] == pytest.approx(1.3)
    assert frame.loc["both", "in_references"] == pytest.approx(2.5 * 1.3)
    assert frame.loc["vanilla", "images_per_second"] == pytest.approx(128_000 / 75, rel=1e-6)
    assert frame.loc["vanilla", "tensors_mib"] == pytest.approx(60)
    assert frame.loc["both", "relative_tensors"] == pytest.approx((54 + 6 * 1.3) / 60)
    assert frame.loc["vanilla", "unattributed"] == pytest.approx(100 * 8 / 680)
    assert frame.loc["vanilla", "peak_mib_evaluation"] == pytest.approx(680)
    assert frame.loc["vanilla", "unattributed_evaluation"] == pytest.approx(100 * 8 / 680)
    assert frame["tensors_mib_evaluation"].tolist() == frame["tensors_mib"].tolist()
    assert set(frame["machine"]) == {"undisturbed"}


def test_every_number_links_to_its_file(results, links):
    cells = [cell for row in profile_table(results, links).rows for cell in row if cell.href]
    assert {cell.href.rsplit("/", 1)[1] for cell in cells} == {"time.csv", "memory.csv"}
    for make in TABLES:
        table = make(results, links)
        for row in table.rows:
            for place, cell in enumerate(row):
                if table.columns[place].numeric and any(char.isdigit() for char in cell.text):
                    assert cell.href or table.leads(place, cell), (table.name, table.columns[place].name)


def test_arms_on_different_threads_are_no_disturbance(tmp_path, synthetic, synthetic_profile):
    """The fixed work runs on the threads of the arm that comes next: longer for one arm is no change of speed."""
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    file = path / "profile" / "samples.csv"
    samples = pd.read_csv(file)
    samples["reference_ms"] = samples["arm"].eq("both").map({True: 4.0, False: 2.0})
    samples.to_csv(file, index=False)
    results = load_results(path)
    (dataset, encoder), *_ = results.cells
    assert reference_range(results, dataset, encoder) in ((2.0, 2.0), (4.0, 4.0))
    assert not any("The timing was disturbed" in said for said in profile_notes(results))


def test_a_leak_is_called_one(results, links):
    frame = leak_table(results, links).frame().set_index("arm")
    assert frame.loc["both", "leaks"] == "leaks"
    assert frame.loc["vanilla", "leaks"] == "no leak"
    assert frame.loc["both", "python_blocks_per_step"] == 144
    assert set(frame["resident_kib_per_step"]) == {0.5}


def test_energy_that_can_not_be_read_is_said_to_be_so(results, links):
    table = work_table(results, links)
    assert set(table.frame()["images_per_joule"]) == set(table.frame()["joules"]) == {"not readable here"}
    assert table.note.startswith("Energy was not measured")
    assert "90 GFLOP/s in bfloat16" in table.caption


def test_energy_is_shown_where_it_was_measured(tmp_path, synthetic, synthetic_profile):
    for energy, joules, said in (("measured", 2.0, "RAPL"), ("the counter never moved: too few steps", None, "moved")):
        path = synthetic.write_results(tmp_path / energy[:8], synthetic.suite_values(2))
        synthetic_profile.write_profile(path, energy=energy)
        table = work_table(load_results(path), Links(path, path / "report"))
        assert set(table.frame()["joules"]) == {joules or "too few steps"}
        assert said in table.note


def test_arms_with_equal_parts_share_a_row(results, links):
    table = tensor_parts_table(results, links)
    frame = table.frame()
    assert "query queue" not in set(frame["part"])  # nobody holds any
    assert frame.loc[frame["part"] == "activations", "arm"].tolist() == ["all"]
    assert frame.loc[frame["part"] == "data set", "highest_during"].item() == "always"
    loss = frame[frame["part"] == "loss"].set_index("arm")
    assert loss.loc["both", "highest_mib"] == pytest.approx(7.8)
    assert set(loss["at_peak_mib"]) == {0.0}
    assert "during query forward (vanilla, dual, filter); loss (both)" in table.caption


def test_exponents_are_shown_with_their_errors(results, links):
    table = exponents_table(results, links)
    assert "tensors with queue size (filter)" in table.note
    frame = table.frame()
    assert frame["median_ms"].tolist() == pytest.approx([1.0] * 4)
    sizes = frame.set_index("arm")["tensor_mib"]
    assert pd.isna(sizes.pop("filter"))  # it falls somewhere
    assert sizes.tolist() == pytest.approx([0.0] * 3, abs=1e-9)


def test_accuracy_meets_cost_by_arm(results):
    table = accuracy_and_cost(results).set_index("arm")
    assert table["step_ms"].to_dict() == pytest.approx({arm: 75 * factor for arm, factor in FACTORS.items()})
    expected = results.runs.groupby("arm")["knn_top1"].mean()
    for arm in FACTORS:
        assert table.loc[arm, "top1"] == pytest.approx(expected[arm])


def test_bars_hold_the_table(results):
    data = step_time_figure(results).data
    assert data.loc[(data["arm"] == "dual") & (data["part"] == "loss"), "median_ms"].item() == pytest.approx(5.5)
    shown = timeline_figure(results).data
    assert shown["activations saved for backward"].max() == 50
    front = pareto_figure(results).data
    assert front[front["arm"] == "vanilla"]["on_front"].all()  # nothing is cheaper


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


def test_the_first_screen_says_what_a_step_costs(results):
    (sentence,) = profile_notes(results)
    assert sentence.startswith("A training step of vanilla takes 75 ms, which is 1,707 images/s. Relative to it: dual ")
    assert "both 1.30 [1.29, 1.31]" in sentence
    assert "lies between the quartiles" not in sentence


def test_a_noisy_machine_is_named(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, exclusive=False)
    results = load_results(path)
    assert "other processes used 40 % of the CPU" in profile_notes(results)[-1]
    machine = profile_table(results, Links(path, path / "report")).frame()["machine"]
    assert set(machine) == {"other processes used 40 % of the CPU"}


def test_a_profile_of_before_has_no_time_in_references(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    file = path / "profile" / "time.csv"
    table = pd.read_csv(file)
    table.drop(columns=[name for name in table if name.startswith("in_references")]).to_csv(file, index=False)
    frame = profile_table(load_results(path), Links(path, path / "report")).frame()
    assert frame["in_references"].isna().all()
    assert len(frame) == 4


def test_a_machine_whose_speed_varied_is_not_blamed_on_others(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, spread=1.4)
    results = load_results(path)
    assert "third quartile 1.40 times the first" in profile_notes(results)[-1]
    assert "others had" not in profile_notes(results)[-1]
    frame = profile_table(results, Links(path, path / "report")).frame()
    assert set(frame["machine"]) == {"the time of a fixed workload varied (third quartile 1.40 times the first)"}


def test_quartiles_that_include_one_are_said_to(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, quartile=0.4)
    assert "; 1 lies between the quartiles of each)" in profile_notes(load_results(path))[0]


@pytest.mark.parametrize(("reference", "disturbed"), [((2.0, 2.6), False), ((2.0, 2.7), True), ((1.7, 3.4), True)])
def test_reference_work_that_varied_makes_times_rough(tmp_path, synthetic, synthetic_profile, reference, disturbed):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path, reference=reference)
    notes = profile_notes(load_results(path))
    assert notes[-1].startswith("A fixed workload") == disturbed
    if reference == (1.7, 3.4):
        assert "from 1.7 to 3.4 ms" in notes[-1]


def test_what_else_went_on_is_said(results):
    (said,) = machine_notes(results)
    assert "other processes used 30 % of the CPU (busiest, in processors: compiler 0.50)" in said
    assert "Thermal throttling: 2; held back by a quota: not readable here; fixed workload: 2.5 to 3.0 ms." in said


def test_the_page_has_the_sections_and_their_order(results, links):
    page = build_page(results, links)
    shown = [part.id for part in page.sections]
    assert shown == [section.id for section in SECTIONS if section.id in shown]
    assert {"profile", "memory-claim", "growth"} <= set(shown)
    assert "benchmarks" not in shown
    assert page.cost[0].text.startswith("A training step of vanilla takes")
    assert [source.title for source in page.cost[0].sources] == ["profile/time.csv", "profile/samples.csv"]


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
