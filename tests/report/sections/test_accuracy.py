"""Accuracy by arm and by class, and the probe at the edge of its grid."""

import json

import pandas as pd
import pytest

from moco_bench.analyse.images import CLASS_COLUMNS
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.accuracy import accuracy_figure, accuracy_table, classes_table, probe_notes
from moco_bench.report.sections.cost import cost_table
from moco_bench.report.sections.seeds import differences_table


@pytest.fixture
def path(tmp_path, synthetic):
    return synthetic.write_results(tmp_path, synthetic.suite_values(1))


def classes(path, effects, metric="knn_top1", budget="epochs"):
    (dataset,), (encoder,) = (load_results(path).runs[name].unique() for name in ("dataset", "encoder"))
    rows = [
        (dataset, encoder, budget, metric, effect, place, size, size - 1, size + 1, 3, 100)
        for effect, sizes in effects.items()
        for place, size in enumerate(sizes)
    ]
    return pd.DataFrame(rows, columns=list(CLASS_COLUMNS))


def shown(path):
    return classes_table(load_results(path), Links(path, path / "report"))


def test_the_largest_differences_of_arms_to_the_baseline_come_first(path):
    table = classes(path, {"dual-vanilla": [2.0, -20.0], "both-vanilla": [-1.0, 1.5], "both-dual": [50.0, 60.0]})
    others = classes(path, {"dual-vanilla": [90.0]}, metric="linear_top1")
    pd.concat([table, others]).to_csv(path / "classes.csv", index=False)
    frame = shown(path).frame()
    assert frame["estimate"].tolist() == [-20.0, 2.0, 1.5, -1.0], "simple effects and other metrics aren't shown"
    assert frame["arm"].tolist() == ["dual", "dual", "both", "both"]
    assert frame["interval"][0] == "[\u221221.0, \u221219.0]"


def test_the_table_says_what_its_intervals_cover(path):
    classes(path, {"dual-vanilla": [2.0, -20.0]}).to_csv(path / "classes.csv", index=False)
    assert "95 % t intervals over other seeds, on these evaluation images, not corrected" in shown(path).caption


def test_only_the_largest_are_shown(path):
    classes(path, {"dual-vanilla": list(range(30))}).to_csv(path / "classes.csv", index=False)
    assert shown(path).frame()["estimate"].tolist() == [float(size) for size in range(29, 19, -1)]


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "\x00"])
def test_without_a_file_that_can_be_used_there_is_no_table(path, content):
    if content is not None:
        (path / "classes.csv").write_text(content)
    assert shown(path) is None


def test_accuracy_is_mean_and_standard_deviation(loaded):
    table = accuracy_table(*loaded).frame().set_index("arm")
    runs = loaded[0].finished.groupby("arm")["knn_top1"]
    assert table.loc["dual", "knn_top1"] == pytest.approx(runs.mean()["dual"])
    assert table.loc["dual", "knn_top1_sd"] == pytest.approx(runs.std()["dual"])
    assert table.loc["raw pixels", "knn_top1"] == 77.5
    assert table.loc["untrained encoder", "n"] == 3
    shown = {row[0].text: row[1].text for row in accuracy_table(*loaded).rows}
    assert shown["both"] == "3 of 4"


def test_runs_that_serve_at_two_budgets_are_shown_and_counted_once(with_budgets):
    path = with_budgets(["vanilla", "dual", "filter", "both"], {"dual": 1.004, "filter": 1.0, "both": 1.004})
    choose(path, [100.0] * 21)
    results, links = load_results(path), Links(path, path / "report")
    assert "the largest, 100, in 12 of 12 runs" in probe_notes(results, links)[0].text
    for build in (accuracy_table, cost_table, differences_table):
        table = build(results, links)
        assert table.caption.endswith(" The same runs serve at equal FLOPs."), table.name
        assert "budget" not in [column.name for column in table.columns]
    assert len(accuracy_table(results, links).rows) == 6, "four arms, two floors"
    assert len(differences_table(results, links).rows) == 3


def test_runs_of_their_own_at_equal_compute_are_shown_beside_the_others(with_budgets):
    results = load_results(path := with_budgets(["vanilla", "dual", "filter"]))
    table = accuracy_table(results, Links(path, path / "report"))
    assert set(table.frame()["budget"]) == {"epochs", "flops"}
    assert "serve" not in table.caption


def choose(path, rates):
    places = sorted(path.glob("runs/*/*/*/seed*/metrics.json"))
    for place, rate in zip(places, rates, strict=False):
        place.write_text(json.dumps({**json.loads(place.read_text()), "linear_c": rate}))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([100.0] * 4 + [1.0] * 8, "the largest, 100, in 4 of 12 runs"),
        ([1e-4] + [1.0] * 11, "the smallest, 0.0001, in 1 of 12 runs"),
        ([1e-4, 100.0] + [1.0] * 10, "the smallest, 0.0001, in 1 of 12 runs and the largest, 100, in 1 of 12 runs"),
        ([3.0] * 12, None),
        ([None] * 12, None),
    ],
)
def test_a_probe_at_the_edge_of_its_grid_is_named(tmp_path, synthetic, rates, said):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    choose(path, rates)
    notes = probe_notes(load_results(path), Links(path, path / "report"))
    if said is None:
        assert notes == ()
    else:
        assert said in notes[0].text
        assert notes[0].sources[0].title.endswith("/metrics.json")


def test_a_grid_of_one_has_no_edges(tmp_path, synthetic):
    values = {**synthetic.suite_values(1), "evaluate": {"probe": {"c_values": [0.3]}}}
    path = synthetic.write_results(tmp_path, values)
    choose(path, [0.3] * 4)
    assert probe_notes(load_results(path), Links(path, path)) == ()


def test_accuracy_shows_every_seed(four_seeds):
    data = accuracy_figure(four_seeds).data
    knn = data[data["metric"] == "knn_top1"]
    without = knn[knn["arm"].isin(("raw pixels", "untrained encoder"))]
    assert sorted(without["top1"]) == [50.2, 51.2, 52.2, 77.5]
    knn = knn.drop(without.index)
    assert len(knn) == 16
    expected = four_seeds.runs.set_index(["arm", "seed"])["knn_top1"]
    for row in knn.to_dict("records"):
        assert row["top1"] == expected[row["arm"], row["seed"]]
