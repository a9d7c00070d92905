"""The data behind each figure, and that figures survive holes; not pixels."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from moco_bench.report.read.results import last_epochs, load_results
from moco_bench.report.render.figures import as_png, as_svg, inline_svg, theme
from moco_bench.report.render.style import INK
from moco_bench.report.sections.accuracy import accuracy_figure
from moco_bench.report.sections.effects.figures import effects_figure
from moco_bench.report.sections.first_screen.figures import interaction_figure
from moco_bench.report.sections.mechanism.figures import (
    false_negative_figure,
    gradient_figure,
    mechanism_figure,
    similarity_figure,
)
from moco_bench.report.sections.robustness import corruption_figure
from moco_bench.report.sections.seeds import pairs_figure
from moco_bench.report.sections.training import learning_figure, neighbours_figure

ALL = (
    accuracy_figure, pairs_figure, false_negative_figure, learning_figure, effects_figure,
    corruption_figure, neighbours_figure, similarity_figure, gradient_figure, mechanism_figure,
)  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory, synthetic):
    return load_results(
        synthetic.write_results(tmp_path_factory.mktemp("figures"), synthetic.suite_values(4), foreign=("dual/seed0",))
    )


def test_accuracy_shows_every_seed(results):
    data = accuracy_figure(results).data
    knn = data[data["metric"] == "knn_top1"]
    without = knn[knn["arm"].isin(("raw pixels", "untrained encoder"))]
    assert sorted(without["top1"]) == [50.2, 51.2, 52.2, 77.5]
    knn = knn.drop(without.index)
    assert len(knn) == 16
    expected = results.runs.set_index(["arm", "seed"])["knn_top1"]
    for row in knn.to_dict("records"):
        assert row["top1"] == expected[row["arm"], row["seed"]]


def test_effects_show_what_the_table_says(results):
    data = effects_figure(results).data
    summary = data[data["seed"] == "all"].set_index("effect")
    values = results.seed_values
    assert set(values["effect"]) == set(summary.index)
    for effect, own in values.groupby("effect"):
        assert summary.loc[effect, "estimate"] == pytest.approx(own["value"].mean())


def test_curves_hold_the_histories(results):
    data = learning_figure(results).data
    assert len(data) == 16 * 12
    dropped = false_negative_figure(results).data
    assert dropped.loc[dropped["arm"] == "vanilla", "false_negative_rate_dropped"].isna().all()


def test_the_gradients_share_is_that_of_the_histories(results):
    data = gradient_figure(results).data
    shares = data.set_index(["arm", "seed", "epoch"])["key_gradient_share"].sort_index()
    for arm, run in (("dual", "dual/seed1"), ("both", "both/seed3")):
        history = pd.read_csv(results.directory / "runs/fashion-mnist-5k/resnet-compact" / run / "history.csv")
        np.testing.assert_allclose(shares[arm, int(run[-1])], history["key_gradient_share"])
    assert shares["vanilla"].isna().all()
    assert shares["filter"].isna().all()
    assert "dual 0.37, both 0.37" in gradient_figure(results).alt


def test_mechanism_sets_changes_against_paired_differences(results):
    data = mechanism_figure(results).data.set_index(["cause", "arm", "seed"])
    last = results.histories.groupby(["arm", "seed"]).last()
    top1 = results.finished.set_index(["arm", "seed"])["knn_top1"]
    rate = "false_negative_rate_kept"
    for arm, seed in (("dual", 0), ("filter", 2), ("both", 3)):
        row = data.loc[(rate, arm, seed)]
        assert row["value"] == pytest.approx(last.loc[(arm, seed), rate] - last.loc[("vanilla", seed), rate])
        assert row["accuracy_difference"] == pytest.approx(top1[arm, seed] - top1["vanilla", seed], abs=1e-6)
    shares = data.loc["key_gradient_share"]
    assert set(shares.index.get_level_values("arm")) == {"dual", "both"}, "arms without a key term have no point"
    assert shares.loc[("both", 1), "value"] == pytest.approx(last.loc[("both", 1), "key_gradient_share"])


def test_mechanism_leaves_out_seeds_that_are_no_pairs(tmp_path, synthetic):
    path = synthetic.write_results(
        tmp_path, synthetic.suite_values(3), missing=("filter/seed2",), shifted=("both/seed1",)
    )
    data = mechanism_figure(load_results(path)).data
    found = set(zip(data["arm"], data["seed"], strict=True))
    assert ("filter", 2) not in found
    assert ("both", 1) not in found
    assert {("dual", 1), ("filter", 1), ("both", 2)} <= found


def test_densities_integrate_to_one(results):
    data = similarity_figure(results).data
    mass = (data["density"] * (data["high"] - data["low"])).groupby([data["arm"], data["group"]]).sum()
    assert len(mass) == 4 * 3
    np.testing.assert_allclose(mass, 1)


@pytest.mark.parametrize(
    "found", [None, [], {"counts": 3}, {"edges": [0, 1], "counts": {"positive": [1, 2]}}, {"edges": "ab", "counts": {}}]
)
def test_malformed_histograms_are_left_out(tmp_path, synthetic, found):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(1)))
    for metrics in results.metrics.values():
        metrics["similarities"] = found
    assert similarity_figure(results) is None


def test_neighbours_are_those_recorded(results):
    data = neighbours_figure(results).data
    assert list(dict.fromkeys(data["arm"])) == ["vanilla", "both"]
    assert len(data) == 2 * 6 * 8
    assert data["same_class"].mean() == pytest.approx(7 / 8)


def test_neighbours_are_drawn_of_scenes_in_their_colours(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(1)))
    for record in results.records.values():
        record["config"]["dataset"]["name"] = "fashion-scenes-5k"
    drawn = neighbours_figure(results).figure.axes[0].get_images()[0].get_array()
    shown = drawn[drawn[..., 3] > 0]
    assert (shown[:, 0] != shown[:, 1]).mean() > 0.9


@pytest.mark.parametrize("change", ["index", "shape", "absent", "subset"])
def test_neighbours_that_cannot_be_drawn_are_left_out(tmp_path, synthetic, change):
    values = synthetic.suite_values(1)
    if change == "subset":
        values["dataset"]["train_limit"] = 1000
    path = synthetic.write_results(tmp_path, values)
    results = load_results(path)
    for found in results.metrics.values():
        if change == "index":
            found["neighbours"]["neighbours"][0][0] = 5000
        elif change == "shape":
            found["neighbours"]["neighbour_labels"] = [[1]]
        elif change == "absent":
            found["neighbours"] = None
    assert neighbours_figure(results) is None


def test_corruptions_start_from_the_clean_accuracy(results):
    data = corruption_figure(results).data
    clean = data[(data["strength"] == 0) & (data["corruption"] == "noise")].set_index(["arm", "seed"])["knn_top1"]
    runs = results.runs.set_index(["arm", "seed"])["knn_top1"]
    np.testing.assert_allclose(clean.sort_index(), runs.sort_index())
    assert sorted(data["strength"].unique()) == [0, 1, 2, 3]


@pytest.mark.parametrize("draw", ALL)
def test_every_figure_says_in_words_what_it_shows(results, draw):
    plot = draw(results)
    assert len(plot.alt) > 30
    assert plot.alt.endswith(".")
    assert plot.caption
    assert not plot.data.empty


@pytest.mark.parametrize("draw", ALL)
def test_without_results_there_is_no_figure(tmp_path, synthetic, draw):
    results = load_results(
        synthetic.write_results(tmp_path, synthetic.suite_values(2), missing=("seed0", "seed1"), floors=False)
    )
    assert draw(results) is None


@pytest.mark.parametrize("draw", [accuracy_figure, learning_figure, mechanism_figure, neighbours_figure])
def test_nothing_sticks_out_of_a_figure_or_covers_its_neighbour(results, draw):
    plot = draw(results)
    with theme(plot.name):
        plot.figure.draw_without_rendering()
        renderer = FigureCanvasAgg(plot.figure).get_renderer()
        boxes = [axes.get_tightbbox(renderer) for axes in plot.figure.axes]
        boxes += [legend.get_window_extent(renderer) for legend in plot.figure.legends]
    width, height = plot.figure.bbox.width, plot.figure.bbox.height
    for place, box in enumerate(boxes):
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
        for other in boxes[place + 1 :]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(wide, high) <= 1, "two parts overlap"


def test_svg_is_well_formed_and_the_same_every_time(results):
    first, second = as_svg(accuracy_figure(results)), as_svg(accuracy_figure(results))
    assert first == second
    ElementTree.fromstring(first)
    assert as_png(accuracy_figure(results)).startswith(b"\x89PNG")


def test_inline_svg_has_its_own_identifiers_and_the_pages_colours(results):
    body = inline_svg(as_svg(pairs_figure(results)), "pairs")
    ElementTree.fromstring(body)
    identifiers = re.findall(r'\bid="([^"]+)"', body)
    assert identifiers
    assert all(name.startswith("pairs-") for name in identifiers)
    referred = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body)
    assert {a or b for a, b in referred} <= set(identifiers)
    assert f"var(--ink, {INK})" in body
    assert "var(--c-0072b2, #0072b2)" in body
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", body)


def test_names_are_not_mathematics(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    values["dataset"] = {"name": "fashion-mnist-5k", "label": "a_b-c.d"}
    results = load_results(synthetic.write_results(tmp_path, values))
    frame = results.runs.replace({"arm": {"dual": "$\\frac{dual$"}})
    import dataclasses

    for draw in ALL:
        plot = draw(dataclasses.replace(results, runs=frame))
        if plot is not None:
            as_svg(plot)


def test_runs_of_another_budget_are_in_no_curve_of_corruptions(tmp_path, synthetic):
    values = {**synthetic.suite_values(2), "budgets": ["epochs", "flops"]}
    results = load_results(synthetic.write_results(tmp_path, values, costs={"dual": 2.0, "filter": 2.0, "both": 2.0}))
    assert set(results.finished["budget"]) == {"epochs", "flops"}
    data = corruption_figure(results).data
    assert not data.duplicated(["dataset", "encoder", "arm", "seed", "corruption", "strength"]).any()


def test_what_lies_in_a_missing_runs_folder_is_shown_nowhere(tmp_path, synthetic):
    """After a change of an arm its old files stay until it is trained again; they are of another arm."""
    values = synthetic.suite_values(3)
    path = synthetic.write_results(tmp_path, values)
    values["arms"]["dual"]["contrast"]["key_weight"] = 0.25
    synthetic.collect_again(path, values)
    results = load_results(path)
    assert results.runs.set_index("arm").loc["dual", "status"].eq("missing").all()
    assert "dual" not in set(results.histories["arm"])
    assert not any("/dual/" in place for place in (*results.records, *results.metrics))


def test_a_failed_runs_last_epoch_is_no_end_of_training(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2), failed=("dual/seed1",)))
    assert ("dual", 1) in set(zip(results.histories["arm"], results.histories["seed"], strict=True))
    last = last_epochs(results.histories)
    assert ("dual", 1) not in set(zip(last["arm"], last["seed"], strict=True))
    assert set(last["epoch"]) == {12}


def test_means_are_of_one_data_set_and_of_the_same_seeds(tmp_path, synthetic):
    values = synthetic.suite_values(3)
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "digits"]
    results = load_results(synthetic.write_results(tmp_path, values, missing=("digits/resnet-compact/both/seed2",)))
    for figure in (interaction_figure, accuracy_figure, corruption_figure):
        said = figure(results).alt
        assert "fashion-mnist-5k with resnet-compact: vanilla" in said
        assert "; digits with resnet-compact: vanilla" in said
    done = results.finished[(results.finished["dataset"] == "digits") & (results.finished["seed"] < 2)]
    panel = interaction_figure(results).figure.axes[1]
    thick = next(line for line in panel.lines if line.get_label() == "dual-view loss")
    means = done.groupby("arm")["knn_top1"].mean()
    assert list(thick.get_ydata()) == pytest.approx([means["dual"], means["both"]])
