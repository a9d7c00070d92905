"""What the main effects of a 2x2 average, in words."""

import pytest

from moco_bench.analyse.analysis_plan import plan_of
from moco_bench.analyse.doses import describe_doses, doses_of
from moco_bench.analyse.evidence import Evidence
from moco_bench.files import write_json
from moco_bench.suite.load import parse_suite
from moco_bench.suite.tune import tune_fingerprint


def plan(dual_view, arms=("vanilla", "dual", "filter", "both"), **loss):
    dual, filtered = {"dual_view": dual_view, "key_weight": 0.25, **loss}, {"negatives": "hardest"}
    settings = {
        "vanilla": None, "dual": {"contrast": dual}, "filter": {"contrast": filtered},
        "both": {"contrast": {**dual, **filtered}},
    }  # fmt: skip
    raw = {"name": "s", "dataset": "cifar10", "encoder": "resnet18-cifar", "arms": {arm: settings[arm] for arm in arms}}
    return plan_of(parse_suite(raw, "test"))


def test_an_effect_says_which_differences_it_averages():
    said = doses_of(plan("key-anchored"))
    assert said["dual_view"] == "mean of dual - vanilla and both - filter"
    assert said["filtering"] == "mean of filter - vanilla and both - dual"
    assert said["interaction"] == "both - dual less filter - vanilla"


@pytest.mark.parametrize(("dual_view", "unequal"), [("key-in-batch", True), ("key-anchored", False)])
def test_a_rule_that_acts_on_a_part_of_the_loss_is_said_to(dual_view, unequal):
    """Only with `key-in-batch` are the key term's negatives the batch, which no rule filters."""
    dose = "the rule acts on the whole loss in filter, 0.75 of it in both"
    assert (dose in doses_of(plan(dual_view))["filtering"]) is unequal
    assert ("Filter strength differs" in describe_doses(plan(dual_view))) is unequal


def test_added_terms_leave_the_query_term_whole():
    """L_q + L_k / 4: the rule acts on four fifths of the loss, and the gradient of L_q is vanilla's."""
    added = plan("key-in-batch", combine="sum")
    assert "the whole loss in filter, 0.8 of it in both" in doses_of(added)["filtering"]
    assert "0.8 of it in both" in describe_doses(added)
    assert "the gradient of L_q" not in describe_doses(added)
    assert "the gradient of L_q is 0.75 of vanilla's" in describe_doses(plan("key-in-batch"))


@pytest.fixture
def searched(tmp_path):
    """A suite that searches w and the rate on two data sets, and a function that writes what was chosen."""
    loss = {"dual_view": "key-in-batch"}
    arms = {
        "vanilla": None, "dual": {"contrast": loss}, "filter": {"contrast": {"negatives": "hardest"}},
        "both": {"contrast": {**loss, "negatives": "hardest"}},
    }  # fmt: skip
    raw = {
        "name": "s", "datasets": ["cifar10", "cifar100"], "encoder": "resnet18-cifar", "arms": arms,
        "tune": {"contrast.key_weight": [0.2, 0.4], "train.learning_rate": [0.01, 0.02]},
    }  # fmt: skip
    suite = parse_suite(raw, "test")

    def choose(**weights):
        rows = [
            {"dataset": data, "encoder": "resnet18-cifar", "arm": arm, "values": {"contrast.key_weight": weight}}
            for data, weight in weights.items()
            for arm in ("dual", "both")
        ]
        write_json(tmp_path / "tuned.json", {"fingerprint": tune_fingerprint(suite), "chosen": rows})

    return plan_of(suite, Evidence(tmp_path)), choose


def test_the_dose_is_that_of_the_weight_that_a_search_chose(searched):
    plan, choose = searched
    choose(cifar10=0.2, cifar100=0.4)
    assert "0.8 of it in both" in doses_of(plan, ("cifar10", "resnet18-cifar"))["filtering"]
    assert "0.6 of it in both" in doses_of(plan, ("cifar100", "resnet18-cifar"))["filtering"]
    assert "on 0.6 to 0.8 of it in both, as" in describe_doses(plan)
    assert "the gradient of L_q is 0.6 to 0.8 of vanilla's at the same learning rate." in describe_doses(plan)


def test_before_the_search_is_done_the_dose_depends_on_it(searched):
    plan, choose = searched
    pending = "a part of it in both (it depends on the search of `contrast.key_weight`)"
    assert pending in doses_of(plan)["filtering"], "no file"
    choose(cifar10=0.2)
    assert pending in describe_doses(plan), "of one data set alone"
    assert "0.8 of it in both" in doses_of(plan, ("cifar10", "resnet18-cifar"))["filtering"]
    choose(cifar10=0.2, cifar100=0.4)
    path = plan.evidence.directory / "tuned.json"
    path.write_text(path.read_text().replace(tune_fingerprint(plan.suite), "0" * 64))
    assert pending in doses_of(plan)["filtering"], "of another search"


def test_without_a_2x2_there_are_no_doses():
    assert doses_of(plan("key-in-batch", ("vanilla", "dual"))) == {}
