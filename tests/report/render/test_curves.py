"""Curves over epochs, one line per arm."""

import pytest

from moco_bench.report.render.curves import curves

COLUMN = {"train_loss": "Training loss"}


def test_the_data_are_the_histories_and_the_words_their_ends(four_seeds):
    plot = curves(four_seeds, COLUMN, "Caption.")
    assert len(plot.data) == len(four_seeds.histories)
    last = plot.data.groupby(["arm", "seed"]).last().groupby("arm")["train_loss"].mean()
    for arm, value in last.items():
        assert f"{arm} {value:.3g}" in plot.alt
    (panel,) = plot.figure.axes
    means = {line.get_label(): line.get_ydata()[-1] for line in panel.lines if not line.get_label().startswith("_")}
    assert means == pytest.approx(last.to_dict())


def test_chance_is_a_line_and_mixed_epochs_are_shaded(four_seeds):
    (dataset, _), *_ = four_seeds.cells
    (panel,) = curves(four_seeds, COLUMN, "", levels={dataset: 0.1}, mixed=(3, 5)).figure.axes
    (chance,) = [line for line in panel.lines if line.get_label() == "chance"]
    assert set(chance.get_ydata()) == {0.1}
    assert [patch.get_x() for patch in panel.patches] == [2.5, 4.5]


def test_what_no_run_recorded_has_no_curves(four_seeds):
    assert curves(four_seeds, {"nothing": "Nothing"}, "") is None
