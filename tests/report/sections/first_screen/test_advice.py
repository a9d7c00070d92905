"""What the first screen says of the seeds: what they can decide, what is to be run, how many would do."""

import json

from screens import summarise, summary

from moco_bench.files import sealed, write_json
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.first_screen.limits import _fresh
from moco_bench.suite.load import parse_suite
from moco_bench.suite.tune import search_seed, tune_fingerprint, tuned_path


def test_three_seeds_admit_that_they_cannot_decide(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3)
    assert not any(answer.decided for answer in found.blocks[0].answers)
    assert {answer.verdict for answer in found.blocks[0].answers} == {"Inconclusive"}
    assert found.headline == "Inconclusive: 3 seeds cannot show whether either ingredient helps on average."
    limits = found.blocks[0].limits
    assert "p cannot fall below 0.25 (0.75 after correction for 3 effects)" in limits
    assert "no difference can be confirmed at 5 %, nor can equivalence be shown" in limits
    assert "needs at least 7 seeds." in limits


def test_how_many_seeds_would_decide_and_how_long_that_takes_is_said(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3)
    seconds = load_results(tmp_path / "synthetic").finished["train_seconds"].mean()
    said = found.blocks[0].to_decide
    assert said.startswith("8 seeds would detect effects of ")
    assert "or more with 80 % power, judging by the spread of 3 seeds: set" in said
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
    assert block.to_decide.startswith("8 seeds would detect")
    assert "judging by the spread of 3 seeds: set" in block.to_decide
    assert "(16 more runs, about " in block.to_decide
    (block,) = summary(tmp_path / "eight", synthetic, failed=("both/seed6", "both/seed7"), spread=3.0).blocks
    assert block.to_decide.startswith("12 seeds would detect"), "six are left, and seven are needed"
    assert "set \u201cseeds: 12\u201d" in block.to_decide


def test_two_seeds_tell_no_detectable_effect(tmp_path, synthetic):
    (block,) = summary(tmp_path, synthetic, seeds=2).blocks
    assert block.to_decide.startswith("8 seeds are enough for a verdict: set \u201cseeds: 8\u201d")


def test_seeds_that_could_have_decided_are_not_added_to(tmp_path, synthetic):
    """More of them would be a second look at the same question; fresh ones in another suite are not."""
    (block,) = summary(tmp_path, synthetic, spread=0.5).blocks
    assert block.to_decide.startswith("16 fresh seeds would detect effects of ")
    assert "Declare them in a suite of its own, with \u201cseeds: [8, ..., 23]\u201d (64 more runs, " in block.to_decide
    assert "adding seeds to this one and testing again would raise the false-positive rate." in block.to_decide
    values = synthetic.suite_values(8, tune={"train.learning_rate": [0.03, 0.06]})
    suite = parse_suite(values, "synthetic")
    assert search_seed(suite) == 8
    assert _fresh(12, suite) == "\u201cseeds: [9, ..., 20]\u201d", "8 is the search's"


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


def test_eight_seeds_say_what_they_can_show(tmp_path, synthetic):
    limits = summary(tmp_path, synthetic).blocks[0].limits
    assert limits.startswith("With this design, 8 seeds, the smallest effects detectable with 80 % power are 0.")
    assert limits.endswith(" points. Equivalence within 1 point can be shown.")


def test_a_run_that_serves_at_two_budgets_counts_once(tmp_path, synthetic):
    """At equal cost runs at equal epochs serve at both budgets; at twice the cost there are runs of another length."""
    values = {**synthetic.suite_values(2), "budgets": ["epochs", "flops"]}
    for cost, runs in ((1.0, 8), (2.0, 8 + 6)):
        costs = dict.fromkeys(("dual", "filter", "both"), cost)
        results = load_results(synthetic.write_results(tmp_path / str(cost), values, costs=costs))
        assert len(results.runs) == 8 + 6
        assert summarise(results).progress == f"All {runs} runs are done."
