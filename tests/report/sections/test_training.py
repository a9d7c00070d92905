"""Learning curves, neighbours, and the table of a search of settings."""

import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.training import learning_figure, neighbours_figure, tuning_table

HEAD = "dataset,encoder,arm,candidate,train.learning_rate,metric,score,chosen"
ROWS = ("d,e,vanilla,0,0.03,knn_top1,61.5,false", "d,e,vanilla,1,0.06,knn_top1,64.25,true")


def table_of(tmp_path, synthetic, text):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    (path / "tune.csv").write_text(text)
    return tuning_table(load_results(path), Links(path, path / "report"))


def test_every_candidate_stands_with_its_score_and_the_chosen_one_is_marked(tmp_path, synthetic):
    table = table_of(tmp_path, synthetic, "\n".join([HEAD, *ROWS]))
    frame = table.frame()
    assert frame["train.learning_rate"].tolist() == ["0.03", "0.06"]
    assert frame["score"].tolist() == [61.5, 64.25]
    assert [row[-1].text for row in table.rows] == ["passed over", "chosen"]
    assert table.source.title == "tune.csv"


def test_a_choice_at_an_edge_of_what_was_tried_is_said(tmp_path, synthetic):
    """The best of a grid's ends is not known to be the best."""
    scores = {0.03: "61,false", 0.06: "64,true", 0.12: "63,false"}
    dual = [f"d,e,dual,{number},{rate},knn_top1,{score}" for number, (rate, score) in enumerate(scores.items())]
    table = table_of(tmp_path, synthetic, "\n".join([HEAD, *ROWS, *dual]))
    assert table.caption.endswith("so a better value may lie beyond: train.learning_rate 0.06 in vanilla.")
    assert "edge" not in table_of(tmp_path / "inside", synthetic, "\n".join([HEAD, *dual])).caption


@pytest.mark.parametrize("text", ["", "arm,score\nvanilla,3", HEAD])
def test_what_can_not_be_used_is_left_out(tmp_path, synthetic, text):
    assert table_of(tmp_path, synthetic, text) is None


def test_curves_hold_the_histories(four_seeds):
    data = learning_figure(four_seeds).data
    assert len(data) == 16 * 12


def test_neighbours_are_those_recorded(four_seeds):
    data = neighbours_figure(four_seeds).data
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
