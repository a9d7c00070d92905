import pytest

from moco_bench.report.results import load_results
from moco_bench.report.summary import summarise


def summary(tmp_path, synthetic, seeds=8, gains=None, spread=0.2, **options):
    values = synthetic.suite_values(seeds, **options.pop("values", {}))
    return summarise(load_results(synthetic.write_results(tmp_path, values, gains=gains, spread=spread, **options)))


def test_eight_seeds_decide(tmp_path, synthetic):
    found = summary(tmp_path, synthetic)
    answers = found.blocks[0].answers
    assert [answer.question for answer in answers] == [
        "Does the dual-view loss help?", "Does hard-negative filtering help?", "Do the two help each other?"
    ]  # fmt: skip
    assert answers[0].verdict == "Yes"
    assert answers[0].decided
    assert answers[0].tone == "good"
    assert answers[0].estimate.startswith("+")
    assert answers[1].verdict == "No: slight harm, under 1 point"
    assert answers[2].verdict == "No: what they gain adds up, within 1 point"
    assert found.headline.startswith("The dual-view loss gains 2")
    assert "filtering loses 0.2 points" in found.headline
    assert found.progress == "All 32 runs are done."


def test_no_difference_is_said_plainly(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, gains={"vanilla": 0, "dual": 0, "filter": 0.02, "both": 0})
    assert found.blocks[0].answers[0].verdict == "No difference beyond 1 point"
    assert "changes less than 1 point" in found.headline


def test_three_seeds_admit_that_they_cannot_decide(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3)
    assert not any(answer.decided for answer in found.blocks[0].answers)
    assert "nothing here can be confirmed at 5 %" in found.blocks[0].limits
    assert "7 seeds" in found.blocks[0].limits
    assert "p = 0.25" in found.blocks[0].limits
    assert "3 seeds" in found.headline


def test_harm_is_called_harm(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, gains={"vanilla": 0, "dual": -3, "filter": 3, "both": -3})
    dual, filtering, interaction = found.blocks[0].answers
    assert dual.verdict == "No: it does harm"
    assert dual.tone == "bad"
    assert interaction.verdict == "No: they get in each other's way"
    assert "loses" in found.headline
    assert filtering.question


def test_undecided_ingredients_share_a_sentence(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=2)
    assert found.headline.startswith("2 seeds decide neither the dual-view loss (")
    assert " points) nor filtering (" in found.headline


def test_holes_are_counted(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=3, missing=("both/seed1", "dual/seed2"), failed=("filter/seed0",))
    assert found.progress == "9 of 12 runs are done, 1 failed and 2 missing: this report has holes, and names them."


def test_nothing_finished_yet(tmp_path, synthetic):
    found = summary(tmp_path, synthetic, seeds=2, missing=("seed0", "seed1"), floors=False)
    assert {answer.verdict for answer in found.blocks[0].answers} == {"No finished pair of seeds yet"}
    assert found.blocks[0].limits == "No seed has all the runs that a comparison needs."


def test_each_data_set_has_its_own_block(tmp_path, synthetic):
    values = synthetic.suite_values(3)
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "digits"]
    found = summarise(load_results(synthetic.write_results(tmp_path, values)))
    assert [block.title for block in found.blocks] == [
        "fashion-mnist-5k, resnet-compact", "digits, resnet-compact"
    ]  # fmt: skip
    assert found.headline == "What each ingredient is worth, on 2 data sets"


def test_a_suite_without_the_four_arms_is_answered_arm_by_arm(tmp_path, synthetic):
    values = synthetic.suite_values(3)
    values["arms"] = {name: values["arms"][name] for name in ("vanilla", "dual")}
    found = summarise(load_results(synthetic.write_results(tmp_path, values)))
    assert [answer.question for answer in found.blocks[0].answers] == ["Is dual better than vanilla?"]


@pytest.mark.parametrize("hashes", ["unproven"])
def test_without_hashes_the_first_screen_says_so(tmp_path, hashes):
    rows = [f"{arm},d,e,{seed},done,{60 + seed}" for arm in ("vanilla", "dual") for seed in range(3)]
    (tmp_path / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    found = summarise(load_results(tmp_path))
    assert f"pairing {hashes}" in found.blocks[0].answers[0].certainty
