import json

import pandas as pd
import pytest

from moco_bench.files import sealed, write_json
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.first_screen.summary import summarise as summarised
from moco_bench.report.sections.seeds import pairing_notes
from moco_bench.suite.load import parse_suite
from moco_bench.suite.tune import tune_fingerprint, tuned_path


def summarise(results):
    return summarised(results, Links(results.directory, results.directory / "report"))


def summary(tmp_path, synthetic, seeds=8, gains=None, spread=0.2, **options):
    values = synthetic.suite_values(seeds, **options.pop("values", {}))
    return summarise(load_results(synthetic.write_results(tmp_path, values, gains=gains, spread=spread, **options)))


def test_eight_seeds_decide(tmp_path, synthetic):
    found = summary(tmp_path, synthetic)
    answers = found.blocks[0].answers
    assert [answer.question for answer in answers] == [
        "Does the dual-view loss help?", "Does hard-negative filtering help?", "Do they interact?"
    ]  # fmt: skip
    assert answers[0].verdict == "Yes"
    assert answers[0].decided
    assert answers[0].tone == "good"
    assert answers[0].estimate.startswith("+")
    assert answers[1].verdict == "No: slight harm, under 1 point"
    assert answers[2].verdict == "No: their effects add up, within 1 point"
    assert found.headline.startswith("The dual-view loss gains 2")
    assert "filtering loses 0.2 points" in found.headline
    assert found.progress == "All 32 runs are done."


def test_held_out_images_are_no_test_images(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(2)))
    results.runs["evaluated_on"] = "validation"
    assert summarise(results).progress == (
        "All 8 runs are done. Accuracies are those of held-out training images, not of test images."
    )


def test_no_difference_is_said_plainly(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, gains={"vanilla": 0, "dual": 0, "filter": 0.02, "both": 0})
    assert found.blocks[0].answers[0].verdict == "No difference beyond 1 point"
    assert "changes less than 1 point" in found.headline


def test_three_seeds_admit_that_they_cannot_decide(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3)
    assert not any(answer.decided for answer in found.blocks[0].answers)
    assert {answer.verdict for answer in found.blocks[0].answers} == {"Inconclusive"}
    assert found.headline == "Inconclusive: 3 seeds cannot show whether either ingredient helps."
    limits = found.blocks[0].limits
    assert "p cannot fall below 0.25 (0.75 after correction for 3 effects)" in limits
    assert "no difference can be confirmed at 5 %, nor can equivalence be shown" in limits
    assert "needs at least 7 seeds." in limits


def test_how_many_seeds_would_decide_and_how_long_that_takes_is_said(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3)
    seconds = load_results(tmp_path / "synthetic").finished["train_seconds"].mean()
    said = found.blocks[0].to_decide
    assert said.startswith("8 seeds can decide and would detect effects of ")
    assert "\u201cseeds: 8\u201d" in said
    assert f"(20 more runs, about {20 * seconds / 60:.0f} minutes of training)" in said
    assert summary(tmp_path / "eight", synthetic).blocks[0].to_decide == "", "all is decided"


def test_seeds_of_ones_own_choice_are_added_to_not_replaced(tmp_path, synthetic):
    values = {**synthetic.suite_values(3), "seeds": [3, 7, 11]}
    said = summarise(load_results(synthetic.write_results(tmp_path, values))).blocks[0].to_decide
    assert "add 5 seeds to the list under \u201cseeds\u201d in the suite file" in said
    assert "(20 more runs" in said


def test_runs_that_are_missing_come_before_further_seeds(tmp_path, synthetic):
    for missing, more in ((tuple(f"seed{seed}" for seed in range(1, 8)), 28), (("both/seed7",), 1)):
        (block,) = summary(tmp_path / str(more), synthetic, missing=missing).blocks
        runs = f"{more} more run{'s' * (more > 1)}, about "
        assert block.to_decide.startswith(f"The same command runs what is missing ({runs}")


def test_seeds_that_failed_are_not_counted_among_those_that_tell_the_spread(tmp_path, synthetic):
    (block,) = summary(tmp_path, synthetic, seeds=4, failed=("both/seed3",)).blocks
    assert block.to_decide.startswith("8 seeds can decide and would detect")
    assert "judging by the spread of 3 seeds: set" in block.to_decide
    assert "(16 more runs, about " in block.to_decide
    (block,) = summary(tmp_path / "eight", synthetic, failed=("both/seed6", "both/seed7"), spread=3.0).blocks
    assert block.to_decide.startswith("12 seeds can decide"), "six are left, and seven are needed"


def test_two_seeds_tell_no_detectable_effect(tmp_path, synthetic):
    (block,) = summary(tmp_path, synthetic, seeds=2).blocks
    assert block.to_decide.startswith("8 seeds can decide: set \u201cseeds: 8\u201d")


def test_no_number_of_seeds_helps_a_baseline_that_learnt_too_little(tmp_path, synthetic):
    (block,) = summary(tmp_path, synthetic, seeds=3, gains={"vanilla": -10.0, "dual": -9.0}).blocks
    assert block.headline.startswith("Not judged")
    assert block.to_decide == ""


def test_further_seeds_leave_a_search_as_it_is(tmp_path, synthetic):
    """The seed of the candidates is the first that no run has; as a run's seed it would move, and choose anew."""
    values = synthetic.suite_values(3, tune={"train.learning_rate": [0.03, 0.06]})
    suite = parse_suite(values, "synthetic")
    place, rate = {"dataset": "fashion-mnist-5k", "encoder": "resnet-compact"}, {"train.learning_rate": 0.03}
    chosen = [{**place, "arm": arm, "values": rate} for arm in suite.arms]
    write_json(tuned_path(suite, tmp_path), sealed({"fingerprint": tune_fingerprint(suite), "chosen": chosen}))
    said = summarise(load_results(synthetic.write_results(tmp_path, values))).blocks[0].to_decide
    listed = "[0, 1, 2, 4, 5, 6, 7, 8]"
    assert f"set \u201cseeds: {listed}\u201d, without 3, which is the search\u2019s," in said
    assert tune_fingerprint(parse_suite({**values, "seeds": json.loads(listed)}, "x")) == tune_fingerprint(suite)
    assert tune_fingerprint(parse_suite({**values, "seeds": 8}, "x")) != tune_fingerprint(suite)


def test_simple_effects_are_of_the_main_effects_seeds(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(6), missing=("both/seed4", "both/seed5"))
    dual = summarise(load_results(path)).blocks[0].answers[0]
    alone, beside = (float(part.split()[-1]) for part in dual.parts.split(", "))
    assert float(dual.estimate) == pytest.approx((alone + beside) / 2, abs=0.011)


@pytest.mark.parametrize(("dual", "verdict"), [(-3, "Yes: better"), (3, "Yes: worse"), (0.5, "Yes: slightly worse")])
def test_a_difference_to_the_worse_is_a_difference(tmp_path, synthetic, dual, verdict):
    values = synthetic.suite_values(8, contrasts={"keys": ["filter", "dual"]})
    del values["arms"]["both"]
    gains = {"dual": dual, "filter": 0}
    path = synthetic.write_results(tmp_path, values, gains=gains, spread=0.1)
    answers = {answer.question: answer.verdict for answer in summarise(load_results(path)).blocks[0].answers}
    assert answers["keys: a difference?"].startswith(verdict)


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


def test_simple_effects_stand_with_the_main_effects(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    results = load_results(path)
    dual, filtering, interaction = summarise(results).blocks[0].answers
    means = results.finished.groupby("arm")["knn_top1"].mean()
    alone, beside = means["dual"] - means["vanilla"], means["both"] - means["filter"]
    assert dual.parts == f"without the filter {alone:+.2f}, with it {beside:+.2f}"
    assert filtering.parts.startswith("without the dual-view loss ")
    assert interaction.parts == ""


@pytest.mark.parametrize("seeds", range(2, 7))
def test_no_headline_leans_where_nothing_could_be_confirmed(tmp_path, synthetic, seeds):
    """Three seeds that agree by chance lean; a headline is no place for that."""
    found = summary(tmp_path, synthetic, seeds=seeds, spread=0.02)
    assert found.headline == f"Inconclusive: {seeds} seeds cannot show whether either ingredient helps."
    leanings = [answer.leaning for answer in found.blocks[0].answers]
    assert (leanings[0] == "suggests higher, not significant") == (seeds >= 3)
    assert "cannot fall below" in found.blocks[0].limits


def test_eight_seeds_say_what_they_can_show(tmp_path, synthetic):
    limits = summary(tmp_path, synthetic).blocks[0].limits
    assert limits.startswith("With this design, 8 seeds, the smallest effects detectable with 80 % power are 0.")
    assert limits.endswith("differences within 1 point can be shown to be none.")


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


def test_a_metric_without_a_unit_has_none_anywhere(tmp_path, synthetic):
    values = {**synthetic.suite_values(8), "analysis": {"primary": "uniformity", "metrics": ["knn_top1"]}}
    results = load_results(synthetic.write_results(tmp_path, values))
    found = summarise(results)
    assert found.metric == "Uniformity"
    assert found.blocks[0].unit == ""
    said = " ".join([found.headline, found.blocks[0].limits, *(a.verdict for a in found.blocks[0].answers)])
    assert "point" not in said
    assert "%" not in said.replace("5 %", "").replace("80 %", "")


def test_harm_is_called_harm(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, gains={"vanilla": 0, "dual": -3, "filter": 3, "both": -3})
    dual, filtering, interaction = found.blocks[0].answers
    assert dual.verdict == "No: it does harm"
    assert dual.tone == "bad"
    assert interaction.verdict == "Yes: together worse than their sum"
    assert "loses" in found.headline
    assert found.headline.endswith(": averages, as what each does depends on the other.")
    assert filtering.question


def test_holes_are_counted(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3, missing=("both/seed1", "dual/seed2"), failed=("filter/seed0",))
    assert found.progress == "9 of 12 runs are done, 1 failed and 2 missing: see Missing or failed runs."


def test_seeds_that_are_still_to_be_run_wait_for_a_verdict(tmp_path, synthetic):
    """With seven of eight seeds the dual-view loss would be significant; one more seed may change that."""
    found = summary(tmp_path, synthetic, missing=("both/seed7",))
    assert found.headline == "Interim: 7 seeds are done, 1 is still to be run, so no verdict is drawn yet."
    answers = found.blocks[0].answers
    assert {answer.verdict for answer in answers} == {"Interim: no verdict yet"}
    assert not any(answer.decided or answer.leaning for answer in answers)
    assert answers[0].estimate.startswith("+")
    assert answers[0].interval
    assert "a verdict from each look would be wrong more often" in found.blocks[0].limits
    assert found.blocks[0].to_decide.startswith("The same command runs what is missing (1 more run, about ")


def test_failed_runs_are_not_waited_for(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, failed=("both/seed7",))
    assert found.headline.startswith("The dual-view loss gains 2")


def test_an_arm_that_failed_in_every_seed_is_not_waited_for(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=2, failed=("both/seed0", "both/seed1"))
    assert found.progress == "6 of 8 runs are done, 2 failed: see Missing or failed runs."
    verdicts = {answer.question: answer.verdict for answer in found.blocks[0].answers}
    assert verdicts["Is both better than vanilla?"] == "No pair of finished seeds"
    assert verdicts["Is dual better than vanilla?"] == "Inconclusive", "the other arms are compared all the same"


def test_nothing_finished_yet(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=2, missing=("seed0", "seed1"), floors=False)
    assert {answer.verdict for answer in found.blocks[0].answers} == {"No pair of finished seeds"}
    assert found.blocks[0].limits == "No seed has all the runs that a comparison needs."
    assert found.headline.startswith("Nothing can be compared yet")


def test_each_data_set_has_its_own_block(tmp_path, synthetic):
    values = synthetic.suite_values(3)
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "digits"]
    found = summarise(load_results(synthetic.write_results(tmp_path, values)))
    assert [bool(block.limits) for block in found.blocks] == [True, False], "said once"
    assert [block.title for block in found.blocks] == [
        "fashion-mnist-5k, resnet-compact", "digits, resnet-compact"
    ]  # fmt: skip
    assert found.headline == "Inconclusive: 3 seeds cannot show whether either ingredient helps, on 2 data sets"


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


def test_arms_with_hyphens_keep_their_names(tmp_path, synthetic):
    values = synthetic.suite_values(8)
    names = {"vanilla": "my-base", "dual": "two-views", "filter": "hard-keys", "both": "both"}
    values["arms"] = {names[arm]: changes for arm, changes in values["arms"].items()}
    values["baseline"] = "my-base"
    results = load_results(synthetic.write_results(tmp_path, values))
    pairs = results.effects.drop_duplicates("effect").set_index("effect")[["treatment", "control"]]
    assert pairs.loc["two-views-my-base"].tolist() == ["two-views", "my-base"]
    assert pairs.loc["both-hard-keys"].tolist() == ["both", "hard-keys"]
    del values["arms"]["both"]
    found = summarise(load_results(synthetic.write_results(tmp_path / "three", values)))
    assert [answer.question for answer in found.blocks[0].answers] == [
        "Is two-views better than my-base?", "Is hard-keys better than my-base?"
    ]  # fmt: skip


def test_a_suite_of_many_comparisons_counts_them(tmp_path, synthetic):
    def many(seeds, gain):
        values = synthetic.suite_values(seeds)
        del values["arms"]["both"]
        for k in range(14):
            values["arms"][f"a{k}"] = {"contrast": {"temperature": 0.2 + k / 100}}
        name = f"many-{seeds}"
        gains = {"a13": gain}
        return summarise(load_results(synthetic.write_results(tmp_path / name, values, gains=gains, spread=0.1)))

    assert many(3, 0.0).headline == "Inconclusive: 3 seeds cannot show a difference in any of 16 comparisons."
    found = many(10, 4.0)
    assert found.headline.startswith("A13 against vanilla gains 4.")
    assert found.headline.endswith(" of 16 comparisons.")
    assert len(found.blocks[0].answers) == 12
    assert found.blocks[0].answers[0].question == "Is a13 better than vanilla?", "what is decided comes first"
    assert found.blocks[0].more == "The other 4 comparisons are in the table of effects."


def test_a_suite_without_the_four_arms_is_answered_arm_by_arm(tmp_path, synthetic):
    values = synthetic.suite_values(3)
    values["arms"] = {name: values["arms"][name] for name in ("vanilla", "dual")}
    found = summarise(load_results(synthetic.write_results(tmp_path, values)))
    assert [answer.question for answer in found.blocks[0].answers] == ["Is dual better than vanilla?"]


def test_an_arm_with_another_network_is_said_to_have_no_pairs(tmp_path, synthetic):
    values = synthetic.suite_values(8)
    values["arms"] = {"vanilla": None, "dual": values["arms"]["dual"], "wide": {"encoder": {"width": 24}}}
    results = synthetic.write_results(tmp_path, values, gains={"dual": 3.0}, spread=0.1)
    runs = pd.read_csv(results / "runs.csv", dtype=str)
    runs.loc[runs["arm"] == "wide", "init_hash"] = "another"
    runs.to_csv(results / "runs.csv", index=False)
    found = summarise(load_results(results))
    assert found.headline.startswith("Dual against vanilla gains 3")
    assert "wide" not in found.headline
    assert [answer.verdict for answer in found.blocks[0].answers] == ["Yes", "No pairs: wide has another network"]
    (note,) = pairing_notes(load_results(results))
    assert note.startswith("8 of 8 seeds are proven to be paired")
    assert "wide: another network begins with other weights, so no seed is a pair" in note
    values["arms"] = {name: values["arms"][name] for name in ("vanilla", "wide")}
    alone = synthetic.write_results(tmp_path / "alone", values)
    runs[runs["arm"] != "dual"].to_csv(alone / "runs.csv", index=False)
    assert summarise(load_results(alone)).headline == (
        "Nothing can be compared seed by seed: no two arms of a comparison are pairs."
    )


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
