"""The headline: effects are quantified only where they are decided."""

import pytest
from screens import summarise, summary

from moco_bench.report.read.results import load_results


@pytest.mark.parametrize("seeds", range(2, 7))
def test_no_headline_leans_where_nothing_could_be_confirmed(tmp_path, synthetic, seeds):
    """Three seeds that agree by chance lean; a headline is no place for that."""
    found = summary(tmp_path, synthetic, seeds=seeds, spread=0.02)
    assert found.headline == f"Inconclusive: {seeds} seeds cannot show whether either ingredient helps on average."
    leanings = [answer.leaning for answer in found.blocks[0].answers]
    assert (leanings[0] == "suggests higher, not significant") == (seeds >= 3)
    assert "cannot fall below" in found.blocks[0].limits


def test_a_headline_over_several_data_sets_where_something_is_decided(tmp_path, synthetic):
    values = synthetic.suite_values(8)
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "digits"]
    found = summarise(load_results(synthetic.write_results(tmp_path, values)))
    assert found.headline == "What each ingredient is worth, on 2 data sets"


@pytest.mark.parametrize(
    ("seeds", "headline"),
    [
        (3, "Inconclusive: 3 seeds cannot show a difference in any comparison, on 2 data sets"),
        (8, "What each arm is worth, on 2 data sets"),
    ],
)
def test_a_headline_over_several_data_sets_without_the_two_by_two(tmp_path, synthetic, seeds, headline):
    values = synthetic.suite_values(seeds)
    del values["dataset"], values["arms"]["both"]
    values["datasets"] = ["fashion-mnist-5k", "digits"]
    assert summarise(load_results(synthetic.write_results(tmp_path, values))).headline == headline
