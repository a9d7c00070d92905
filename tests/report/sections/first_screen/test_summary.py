"""The answers and the headline of the first screen."""

import re

import pandas as pd
import pytest
from screens import summarise, summary

from moco_bench.report.read.results import load_results
from moco_bench.report.sections.seeds import pairing_notes


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


def test_no_difference_is_said_plainly(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, gains={"vanilla": 0, "dual": 0, "filter": 0.02, "both": 0})
    assert found.blocks[0].answers[0].verdict == "No difference beyond 1 point"
    assert "changes less than 1 point" in found.headline


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


def test_simple_effects_stand_with_the_main_effects(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(3))
    results = load_results(path)
    dual, filtering, interaction = summarise(results).blocks[0].answers
    means = results.finished.groupby("arm")["knn_top1"].mean()
    alone, beside = means["dual"] - means["vanilla"], means["both"] - means["filter"]
    assert dual.parts == f"without the filter {alone:+.2f}, with it {beside:+.2f}"
    assert filtering.parts.startswith("without the dual-view loss ")
    assert interaction.parts == ""


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
    assert "(optional stopping)" in found.blocks[0].limits
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
    assert (
        found.headline == "Inconclusive: 3 seeds cannot show whether either ingredient helps on average, on 2 data sets"
    )


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
    assert re.fullmatch(
        r"A13 is 4\.\d points above vanilla; a\d+ is within 1 point of vanilla; 14 more decided, of 16 comparisons\.",
        found.headline,
    ), "differences first, and none is called significant that is an equivalence"
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
    assert found.headline == "Dual is 3.0 points above vanilla."
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
