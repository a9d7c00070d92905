"""What a reader of the first screen must know beforehand: baselines, images, machines, searches."""

import json

import pandas as pd
import pytest
from screens import summarise

from moco_bench.report.read.results import load_results


def test_arms_on_unlike_machines_are_said(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    assert not any("machine" in note.text for note in summarise(load_results(path)).learnt)
    runs = pd.read_csv(path / "runs.csv", dtype=str, keep_default_na=False)
    runs.loc[runs["arm"].isin(["dual", "both"]) & (runs["seed"] != "0"), "measured_on"] = "another CPU"
    runs.to_csv(path / "runs.csv", index=False)
    results = load_results(path)
    assert summarise(results).learnt[-1].text == (
        "The arms of 2 of 3 seeds ran on different kinds of machine, so differences in accuracy may be the "
        "machines\u2019."
    )
    memory = results.claims.set_index("claim").loc["lower-memory"]
    assert memory["n_seeds"] == 1
    runs.loc[runs["arm"].isin(["dual", "both"]), "measured_on"] = "another CPU"
    runs.to_csv(path / "runs.csv", index=False)
    memory = load_results(path).claims.set_index("claim").loc["lower-memory"]
    assert memory["why"].endswith("no pairs: ran on different kinds of machine"), "not for want of finished runs"


@pytest.mark.parametrize(
    ("pixels", "untrained", "missed"),
    [(95.0, 10.0, "raw pixels"), (10.0, 96.0, "the untrained encoder")],
)
def test_a_baseline_that_learnt_nothing_is_said_right_under_the_headline(
    tmp_path, synthetic, pixels, untrained, missed
):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    found = summarise(load_results(path))
    assert found.caution == ""
    assert "raw pixels 77.5 %, untrained encoder 51.2 %" in found.learnt[0].text
    floors = path / "floors" / "fashion-mnist-5k.json"
    encoders = {"resnet-compact": {"0": {"knn_top1": untrained, "linear_top1": 10.0}}}
    largest = {"name": "shirt", "top1": 12.5}
    floors.write_text(
        json.dumps({"pixels": {"knn_top1": pixels}, "random_encoder": encoders, "largest_class": largest})
    )
    found = summarise(load_results(path))
    assert found.caution.startswith(f"Vanilla is not above {missed} by more than 1 point in kNN accuracy")
    assert "linear probe" not in found.caution, "that one is above"
    assert ("below its own start" in found.caution) == (missed == "the untrained encoder")
    assert "largest class 12.5 %" in found.learnt[0].text


@pytest.mark.parametrize("above", [-2.0, 0.0, 0.9, 1.1, 5.0])
def test_the_caution_and_the_verdicts_ask_the_same_question(tmp_path, synthetic, above):
    """Whether the baseline arm is above both baselines without training by more than the margin, one point."""
    path = synthetic.write_results(tmp_path, synthetic.suite_values(8))
    results = load_results(path)
    reached = float(results.finished.query("arm == 'vanilla'")["knn_top1"].mean())
    floors = path / "floors" / "fashion-mnist-5k.json"
    encoders = {"resnet-compact": {"0": {"knn_top1": 10.0, "linear_top1": 10.0}}}
    largest = {"name": "shirt", "top1": 10.0}
    pixels = {"knn_top1": reached - above, "linear_top1": 10.0}
    floors.write_text(json.dumps({"pixels": pixels, "random_encoder": encoders, "largest_class": largest}))
    found = summarise(load_results(path))
    assert (found.caution != "") == (above < 1)
    assert found.headline.startswith("Not judged") == (above < 1)
    claims = load_results(path).claims
    assert claims["verdict"].eq("not judged: below the baselines").any() == (above < 1)


def test_below_the_floors_the_first_screen_judges_nothing(tmp_path, synthetic):
    gains = {"vanilla": -10.0, "dual": -5.0, "filter": -10.0, "both": -5.0}
    found = summarise(load_results(synthetic.write_results(tmp_path, synthetic.suite_values(8), gains=gains)))
    (block,) = found.blocks
    for headline in (found.headline, block.headline):
        assert headline == "Not judged: the baseline arm is not above raw pixels by more than 1 point."
    first = block.answers[0]
    assert (first.verdict, first.decided, first.tone) == (
        "Not judged: the baseline arm has learnt too little", False, "quiet",
    )  # fmt: skip
    assert first.estimate.startswith("+5."), "the figures stay"


def test_what_is_odd_about_the_images_is_said(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    (path / "data").mkdir()
    manifest = {"name": "fashion-mnist-5k", "warnings": ["12 evaluation images are in the training split"]}
    (path / "data" / "fashion-mnist-5k.json").write_text(json.dumps(manifest))
    said = [note.text for note in summarise(load_results(path)).learnt]
    assert said[-1] == "Images of fashion-mnist-5k: 12 evaluation images are in the training split."


def test_settings_that_do_not_suit_the_images_are_those_of_the_suite_now(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    suite = load_results(path).plan.suite
    queue, former = suite.contrast.queue_size, "a queue of 9 keys is longer than an epoch of 8 images, so"
    (path / "data").mkdir()
    manifest = {"warnings": [former], "train_images": queue - 1}
    (path / "data" / f"{suite.datasets[0].title}.json").write_text(json.dumps(manifest))
    said = " ".join(note.text for note in summarise(load_results(path)).learnt)
    assert f"a queue of {queue} keys" in said.replace("A queue", "a queue")
    assert former not in said


@pytest.mark.parametrize("hashes", ["unproven"])
def test_without_hashes_the_first_screen_says_so(tmp_path, hashes):
    rows = [f"{arm},d,e,{seed},done,{60 + seed}" for arm in ("vanilla", "dual") for seed in range(3)]
    (tmp_path / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    found = summarise(load_results(tmp_path))
    assert f"pairing {hashes}" in found.blocks[0].answers[0].certainty


def test_arms_with_settings_of_their_own_searches_are_named(tmp_path, synthetic):
    """A filter that trains at half the rate isn't the filter alone."""
    path = synthetic.write_results(tmp_path, synthetic.suite_values(1))
    head, chosen = "dataset,encoder,arm,candidate,train.learning_rate,metric,score,chosen", []
    for arm, rates in {"vanilla": (0.2, 0.4), "dual": (0.2, 0.4), "filter": (0.4, 0.2)}.items():
        chosen += [f"d,e,{arm},{number},{rate},knn_top1,60,{number == 1}" for number, rate in enumerate(rates)]
    (path / "tune.csv").write_text("\n".join([head, *chosen]))
    (said,) = (note.text for note in summarise(load_results(path)).learnt if "search" in note.text)
    assert said.endswith("a difference in train.learning_rate: 0.4 in vanilla and dual; 0.2 in filter.")
    (path / "tune.csv").write_text("\n".join([head, *chosen[:4]]))
    assert not [note for note in summarise(load_results(path)).learnt if "search" in note.text]


def test_where_searches_chose_differently_the_first_screen_answers_by_arms(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(8))
    questions = [answer.question for answer in summarise(load_results(path)).blocks[0].answers]
    assert questions[0] == "Does the dual-view loss help?"

    head = "dataset,encoder,arm,candidate,train.learning_rate,metric,score,chosen"
    (dataset, encoder), *_ = load_results(path).cells
    chosen = [
        f"{dataset},{encoder},{arm},0,{rate},knn_top1,60,True" for arm, rate in (("vanilla", 0.2), ("filter", 0.4))
    ]
    (path / "tune.csv").write_text("\n".join([head, *chosen]))
    found = summarise(load_results(path))
    assert len(found.blocks[0].answers) == 5, "single comparisons, and no main effect"
    assert "averages" not in found.headline


def test_held_out_images_are_no_test_images(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    results.runs["evaluated_on"] = "validation"
    assert summarise(results).progress == (
        "All 8 runs are done. Accuracies are those of held-out training images, not of test images."
    )
