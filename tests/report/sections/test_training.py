"""The table of tuned settings, from what a suite with a search writes."""

import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.training import tuning_table

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
