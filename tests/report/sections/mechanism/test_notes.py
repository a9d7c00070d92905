"""What a filter keeps, in words."""

import dataclasses

from moco_bench.report.read.results import load_results
from moco_bench.report.sections.mechanism.figures import false_negative_figure
from moco_bench.report.sections.mechanism.notes import mechanism_notes


def test_what_a_filter_keeps_is_said_and_not_taken_for_an_effect(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(3)))
    (note,) = mechanism_notes(results)
    ends = results.histories.groupby("arm")["false_negative_rate_kept"].apply(lambda rates: rates.iloc[-1])
    assert note.startswith("At the last epoch a fraction of 0.10 of vanilla")
    assert f"filter raises it to {ends['filter']:.2f}" in note
    assert "dual does not change it" in note
    assert "accuracy" not in note


def test_a_filter_that_keeps_nearly_all_of_the_softmax_mass_is_said_to_hardly_filter(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    kept = {"vanilla": 1.0, "dual": 1.0, "filter": 0.91, "both": 0.4}
    histories = results.histories.assign(kept_mass=results.histories["arm"].map(kept))
    (note,) = mechanism_notes(dataclasses.replace(results, histories=histories))
    assert "the kept ones hold 91 % in filter and 40 % in both. So filter hardly filters." in note


def test_images_without_labels_have_no_rates_and_still_a_kept_mass_and_a_warm_up(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    histories, filters = results.histories, results.histories["arm"].isin(["filter", "both"])
    kept = histories["arm"].map({"vanilla": 1.0, "dual": 1.0, "filter": 0.91, "both": 0.4})
    share = (0.4 * (histories["epoch"] == 2)).where(filters)
    unlabelled = histories.assign(
        false_negative_rate_kept=float("nan"), false_negative_rate_dropped=float("nan"), kept_mass=kept,
        warmup_share=share,
    )  # fmt: skip
    assert mechanism_notes(dataclasses.replace(results, histories=unlabelled)) == [
        "Of the softmax mass of all negatives, the kept ones hold 91 % in filter and 40 % in both. "
        "So filter hardly filters.",
        "In epoch 2 of filter and both the filter\u2019s warm-up ended: its kept mass is a mean over steps with and "
        "without the filter.",
    ]


def test_the_epoch_that_mixes_warm_up_and_filter_is_marked(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    unmarked = false_negative_figure(results)
    assert "warm-up" not in unmarked.caption
    filters, epoch = results.histories["arm"].isin(["filter", "both"]), results.histories["epoch"]
    share = (filters * ((epoch == 1) * 1.0 + (epoch == 2) * 0.4)).where(filters)
    marked = dataclasses.replace(results, histories=results.histories.assign(warmup_share=share))
    said = mechanism_notes(marked)[-1]
    assert said.startswith("In epoch 2 of filter and both the filter\u2019s warm-up ended")
    assert len(mechanism_notes(marked)) == len(mechanism_notes(results)) + 1, "epoch 1 is warm-up alone"
    figure = false_negative_figure(marked)
    assert "Shaded: the epoch in which" in figure.caption
    shaded = [patch for panel in figure.figure.axes for patch in panel.patches]
    assert [patch.get_x() for patch in shaded] == [1.5] * len(figure.figure.axes)
