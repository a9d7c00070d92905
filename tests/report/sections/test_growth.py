"""Disturbed times of growth in the report: named, drawn hollow, and left out where enough others remain."""

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.render.style import PAPER
from moco_bench.report.sections.growth import exponents_table, growth_figure, leak_table

ARMS = 4
TIMES = 4 * ARMS - 1


@pytest.fixture
def grown(tmp_path, synthetic, synthetic_profile):
    """A function from how many of the four times of `both` were disturbed, and took five times as long, to results."""

    def make(disturbed: int | None):
        values = (1024, 2048, 4096, 8192)
        path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
        synthetic_profile.write_profile(path)
        file = path / "profile" / "growth.csv"
        first = pd.read_csv(file).drop_duplicates("arm").drop(columns=["value", "not_monotone"])
        growth = first.merge(pd.DataFrame({"value": values}), how="cross")
        growth = growth.assign(median_ms=2.0 * growth["value"], loss_mib=growth["value"] / 100)
        growth = growth[(growth["arm"] != "dual") | (growth["value"] < values[-1])]  # one wasn't measured
        if disturbed is not None:
            hit = (growth["arm"] == "both") & growth["value"].isin(values[:disturbed])
            growth["exclusive"] = ~hit
            growth.loc[hit, "median_ms"] *= 5
        growth.to_csv(file, index=False)
        return load_results(path), Links(path, path / "report")

    return make


def panel_points(plot, row: int) -> tuple[int, int]:
    """Filled and hollow points of the first panel in a row of the figure."""
    (panel,) = [axes for axes in plot.figure.axes if axes.get_ylabel()][row : row + 1]
    counts = [0, 0]
    for line in panel.lines:
        if line.get_marker() not in ("", "None", None):
            counts[line.get_markerfacecolor() == PAPER] += len(line.get_xdata())
    return counts[0], counts[1]


def test_a_disturbed_time_is_left_out_and_said_to_be(grown):
    table = exponents_table(*grown(1))
    frame = table.frame().set_index("arm")
    assert frame["median_ms"].tolist() == pytest.approx([1.0] * ARMS)
    shown = {row[0].text: row[-1].text for row in table.rows}
    assert shown["both"] == "1 of 4, left out"
    assert shown["vanilla"] == "none of 4"


def test_where_too_few_remain_all_are_kept_and_that_is_said_as_well(grown):
    table = exponents_table(*grown(2))
    frame = table.frame().set_index("arm")
    assert frame.loc["both", "median_ms"] < 0.6
    assert frame["loss_mib"].tolist() == pytest.approx([1.0] * ARMS)
    assert {row[0].text: row[-1].text for row in table.rows}["both"] == "2 of 4, kept"


@pytest.mark.parametrize("disturbed", [0, None], ids=["undisturbed", "not recorded"])
def test_where_nothing_was_disturbed_nothing_is_said(grown, disturbed):
    results, links = grown(disturbed)
    table = exponents_table(results, links)
    assert "disturbed" not in table.frame()
    plot = growth_figure(results)
    assert "ollow" not in plot.caption
    assert panel_points(plot, 0) == (TIMES, 0)


def test_disturbed_times_are_hollow_and_memory_never_is(grown):
    plot = growth_figure(grown(1)[0])
    assert "Hollow: times that were disturbed" in plot.caption
    assert panel_points(plot, 0) == (TIMES - 1, 1)
    assert panel_points(plot, 1) == panel_points(plot, 2) == (TIMES, 0)


def test_a_line_spans_the_points_that_it_was_fitted_to(grown):
    plot = growth_figure(grown(1)[0])
    panel = next(axes for axes in plot.figure.axes if axes.get_ylabel() == "Step, ms")
    begin = sorted(min(line.get_xdata()) for line in panel.lines if line.get_marker() == "None")
    assert begin == [1024.0] * (ARMS - 1) + [2048.0]


def test_every_arm_is_in_the_legend_even_if_all_its_times_were_disturbed(grown):
    plot = growth_figure(grown(4)[0])
    (legend,) = plot.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["vanilla", "dual", "filter", "both"]


def test_a_leak_is_called_one(results, links):
    frame = leak_table(results, links).frame().set_index("arm")
    assert frame.loc["both", "leaks"] == "leaks"
    assert frame.loc["vanilla", "leaks"] == "no leak"
    assert frame.loc["both", "python_blocks_per_step"] == 144
    assert set(frame["resident_kib_per_step"]) == {0.5}


def test_exponents_are_shown_with_their_errors(results, links):
    table = exponents_table(results, links)
    assert "tensors with queue size (filter)" in table.note
    frame = table.frame()
    assert frame["median_ms"].tolist() == pytest.approx([1.0] * 4)
    sizes = frame.set_index("arm")["tensor_mib"]
    assert pd.isna(sizes.pop("filter"))  # it falls somewhere
    assert sizes.tolist() == pytest.approx([0.0] * 3, abs=1e-9)
