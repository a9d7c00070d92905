"""Effects, their certainty, and what equal compute cost."""

from dataclasses import replace

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.effects.notes import equal_compute_notes
from moco_bench.report.sections.effects.tables import (
    budgets_table,
    certainty_table,
    effects_table,
    further_effects_table,
)


def test_effects_are_the_primary_metrics_and_the_others_fold(loaded):
    effects = loaded[0].effects
    for build in (effects_table, certainty_table):
        assert len(build(*loaded).frame()) == (effects["metric"] == "knn_top1").sum()
    assert {"estimate", "interval", "p_value", "p_holm"} <= set(effects_table(*loaded).frame())
    assert effects_table(*loaded).caption.startswith("Percentage points. ")
    others = [column.title for column in further_effects_table(*loaded).columns[1:]]
    assert others == ["kNN, projection", "Linear probe", "kNN, corrupted"]


def test_equivalence_stands_with_its_correction_and_its_interval(loaded):
    table = certainty_table(*loaded).frame()
    effects = loaded[0].effects
    one = effects[(effects["metric"] == "knn_top1") & (effects["effect"] == "dual-vanilla")].iloc[0]
    row = table[table["effect"] == "dual-vanilla"].iloc[0]
    assert row["p_equivalence_holm"] == one["p_equivalence_holm"]
    assert row["equivalence_interval"] == f"[{one['equivalence_low']:+.2f}, {one['equivalence_high']:+.2f}]".replace(
        "-", "\u2212"
    )
    assert "Equivalence within 1 point, by" in certainty_table(*loaded).caption


def test_the_interval_over_seeds_and_images_stands_beside_the_one_over_seeds(loaded):
    results, links = loaded
    effects = results.effects.assign(images_low=-1.25, images_high=2.5)
    table = certainty_table(replace(results, effects=effects), links)
    assert set(table.frame()["images_interval"]) == {"[\u22121.25, +2.50]"}
    assert "Seeds and images: over other seeds and other evaluation images." in table.caption


def test_other_declared_metrics_have_a_table_in_their_own_units(tmp_path, synthetic):
    values = {**synthetic.suite_values(8), "analysis": {"metrics": ["linear_top1", "uniformity", "peak_memory_mib"]}}
    path = synthetic.write_results(tmp_path, values)
    results, links = load_results(path), Links(path, path)
    table, effects = further_effects_table(results, links), results.effects
    assert [column.title for column in table.columns] == ["Effect", "Linear probe", "Uniformity", "Peak memory"]
    assert "Peak memory in MiB" in table.caption
    assert "Uniformity without a unit" in table.caption
    (row,) = (row for row in table.rows if row[0].text == "Dual-view loss")
    for place, metric in ((2, "uniformity"), (3, "peak_memory_mib")):
        own = effects[(effects["metric"] == metric) & (effects["effect"] == "dual_view")].iloc[0]
        assert row[place].value == own["estimate"]
        assert row[place].text.endswith(" *") == (own["finding"] in ("higher", "lower"))


def test_a_table_of_mixed_metrics_says_what_is_in_what(tmp_path, synthetic):
    values = {**synthetic.suite_values(3), "analysis": {"primary": "uniformity", "metrics": ["knn_top1"]}}
    path = synthetic.write_results(tmp_path, values)
    results, links = load_results(path), Links(path, path)
    assert effects_table(results, links).caption.startswith("Uniformity without a unit. ")
    assert further_effects_table(results, links).caption.startswith("Percentage points. ")
    assert "within 5 % of the control's value, by" in certainty_table(results, links).caption


SIMPLE = ["dual-vanilla", "filter-vanilla", "both-dual", "both-filter"]
MAIN = ["dual_view", "filtering", "interaction"]


@pytest.mark.parametrize("further", [0, 6])
def test_simple_effects_come_before_the_main_effects_that_average_them(tmp_path, synthetic, further):
    """Also where a suite has so many arms that the rest goes by size."""
    values = synthetic.suite_values(3)
    for place in range(further):
        values["arms"][f"more{place}"] = {"contrast": {"temperature": 0.21 + place / 100}}
    path = synthetic.write_results(tmp_path, values)
    results, links = load_results(path), Links(path, tmp_path / "out")
    written = pd.read_csv(path / "effects.csv") if (path / "effects.csv").exists() else results.effects
    written = written.query("metric == 'knn_top1' and budget == 'epochs'")["effect"]
    assert [effect for effect in written if effect in SIMPLE + MAIN] == SIMPLE + MAIN
    shown = [*SIMPLE[:2], "both against dual", "both against filter"]
    shown += ["Dual-view loss", "Hard-negative filter", "Interaction"]
    others = further_effects_table(results, links).frame()
    assert list(others["effect"]) == shown
    for build in (effects_table, certainty_table):
        effects = list(build(results, links).frame()["effect"])
        assert [effect for effect in effects if effect in shown] == shown
        assert len(effects) == 8 + further


def test_budgets_are_the_costs_and_what_they_leave(with_budgets):
    path = with_budgets(["vanilla", "dual", "filter"])
    table = budgets_table(load_results(path), Links(path, path / "report"))
    frame = table.frame().set_index("arm")
    assert frame.loc["dual", "relative"] == 2.0
    assert frame.loc["dual", ["declared_epochs", "epochs"]].tolist() == [12, 6]
    assert frame.loc["dual", "compute"] == pytest.approx(1.0)
    assert frame.loc["dual", "runs"] == "of their own"
    assert frame.loc["filter", "epochs"] == 12
    assert frame.loc["filter", "runs"] == "those at equal epochs"
    assert table.source.title == "costs.json"
    runs = load_results(path).runs
    assert (runs.loc[(runs["arm"] == "dual") & (runs["budget"] == "flops"), "epochs"] == 6).all()


def test_without_budgets_there_is_no_table_of_them(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    results = load_results(path)
    assert budgets_table(results, Links(path, path)) is None
    assert equal_compute_notes(results, compute_of(results)) == []
