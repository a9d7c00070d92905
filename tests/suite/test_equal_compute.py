import json
from dataclasses import replace

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.equal_compute import (
    budget_rows,
    costs_fingerprint,
    costs_path,
    epochs_within,
    find_settled_run,
    known_runs,
    pairs_of,
    read_costs,
    settled,
)
from moco_bench.suite.load import load_suite
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import expand


@pytest.fixture
def suite(raw, tmp_path):
    def load(**changes):
        path = tmp_path / "suite.yaml"
        path.write_text(json.dumps({**raw, "budgets": ["epochs", "seconds", "flops"], **changes}))
        return load_suite(path)

    return load


def write_costs(suite, results, **relative):
    rows = [
        {"dataset": "digits", "encoder": "resnet-compact", "arm": arm, "budget": budget, "relative": cost}
        for arm, cost in relative.items()
        for budget in ("seconds", "flops")
    ]
    path = costs_path(suite, results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"costs": rows}))
    return path


@pytest.mark.parametrize(
    ("declared", "cost", "epochs"),
    [(10, 2.0, 5), (10, 1.05, 10), (10, 0.95, 10), (10, 1.06, 9), (10, 0.5, 20), (10, 1e6, 1), (3, 2.0, 2)],
)
def test_epochs_come_as_near_as_whole_ones_can(declared, cost, epochs):
    assert epochs_within(declared, cost) == epochs


def test_every_arm_but_the_baseline_has_runs_at_each_budget(suite):
    runs = expand(suite())
    assert len({run.id for run in runs}) == len(runs) == 2 * (3 + 2 * 2)
    beyond = [run for run in runs if run.budget != "epochs"]
    assert {run.arm for run in beyond} == {"dual", "filter"}
    assert {run.id.rsplit("-", 1)[1] for run in beyond} == {"seconds", "flops"}
    assert all(run.paced_by.arm == "vanilla" and run.paced_by.seed == run.seed for run in beyond)
    assert len({run.fingerprint for run in runs}) == len(runs)


def test_nothing_changes_where_epochs_are_the_only_budget(suite):
    alone = expand(suite(budgets=["epochs"]))
    assert [run for run in expand(suite()) if run.budget == "epochs"] == list(alone)
    assert pairs_of(suite(budgets=["epochs"])) == ()


def test_a_settled_run_is_an_ordinary_run_of_other_length(suite, tmp_path):
    ours = suite(train={"epochs": 10, "batch_size": 64, "warmup_epochs": 2})
    results = tmp_path / "results"
    write_costs(ours, results, dual=2.0, filter=1.01)
    runs = {run.id: run for run in known_runs(ours, results)}
    dual = runs["digits/resnet-compact/dual/seed0-seconds"]
    assert (dual.train.epochs, dual.train.warmup_epochs, dual.paced_by) == (5, 1, None)
    equal_epochs = runs["digits/resnet-compact/dual/seed0"]
    shorter = equal_epochs.train.model_copy(update={"epochs": 5, "warmup_epochs": 1})
    assert dual.fingerprint == replace(equal_epochs, train=shorter).fingerprint
    shared = runs["digits/resnet-compact/filter/seed0-flops"]
    assert shared.fingerprint == runs["digits/resnet-compact/filter/seed0"].fingerprint
    assert find_settled_run(ours, dual.id, results) == dual


def test_a_filters_warm_up_keeps_its_share(suite):
    arms = {
        "vanilla": None,
        "filter": {"contrast": {"negatives": "hardest", "filter_warmup_steps": 20}},
    }
    ours = suite(arms=arms, train={"epochs": 10, "batch_size": 64})
    (run,) = (r for r in expand(ours) if r.budget == "flops" and r.seed == 0)
    known = settled(run, {("digits", "resnet-compact", "filter", "flops"): 2.0})
    assert known.contrast.filter_warmup_steps == 10


def test_without_a_cost_a_run_waits(suite, tmp_path):
    ours, results = suite(), tmp_path / "results"
    place = "digits/resnet-compact/dual/seed0-seconds"
    (waiting,) = (run for run in known_runs(ours, results) if run.id == place)
    planned = plan_run(waiting, results)
    assert planned.would_run
    assert "cost" in planned.reason
    with pytest.raises(InputError, match=r"costs\.json"):
        find_settled_run(ours, place, results)
    write_costs(ours, results, filter=1.0)
    with pytest.raises(InputError, match="nothing about"):
        find_settled_run(ours, place, results)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"costs": [{}]}', '{"costs": 3}', '{"costs": null}'])
def test_damaged_costs_are_refused(tmp_path, content):
    path = tmp_path / "costs.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"costs\.json"):
        read_costs(path)


@pytest.mark.parametrize("relative", [0, -1, "abc", None, 1e999, 1e-320, 1e300])
def test_a_cost_is_a_sensible_number(suite, tmp_path, relative):
    path = write_costs(suite(), tmp_path, dual=relative)
    with pytest.raises(InputError, match=r"costs\.json"):
        read_costs(path)
    assert all(run.paced_by is not None for run in known_runs(suite(), tmp_path) if run.budget != "epochs")
    place = {"dataset": "digits", "encoder": "resnet-compact", "arm": "dual", "budget": "seconds"}
    rows = [{**place, "relative": relative}]
    assert list(budget_rows(suite(), rows)) == []


def test_a_pair_costs_the_same_in_other_suites_lengths_and_seeds(suite):
    keys = {pair.run.arm: pair.key for pair in pairs_of(suite())}
    assert set(keys) == {"dual", "filter"}
    longer = suite(train={"epochs": 7, "batch_size": 64}, seeds=[5], name="other")
    assert {pair.run.arm: pair.key for pair in pairs_of(longer)} == keys
    assert costs_fingerprint(longer) == costs_fingerprint(suite())
    wider = suite(contrast={"queue_size": 512})
    assert not set(keys.values()) & {pair.key for pair in pairs_of(wider)}


def test_rows_say_what_became_of_a_budget(suite, tmp_path):
    ours = suite(train={"epochs": 10, "batch_size": 64})
    rows = json.loads(write_costs(ours, tmp_path, dual=3.0, filter=1.02).read_text())["costs"]
    found = {(row["arm"], row["budget"]): row for row in budget_rows(ours, [*rows, {"arm": "gone"}, 3])}
    assert len(found) == 4
    assert found["dual", "seconds"]["epochs"] == 3
    assert found["dual", "seconds"]["compute"] == pytest.approx(0.9)
    assert not found["dual", "seconds"]["shared"]
    assert found["filter", "flops"]["shared"]


@pytest.mark.parametrize(
    ("budgets", "said"),
    [(["seconds"], "`epochs` is always one"), (["epochs", "epochs"], "once"), (["epochs", "hours"], "budgets")],
)
def test_budgets_that_mean_nothing_are_refused(suite, budgets, said):
    with pytest.raises(InputError, match=said):
        suite(budgets=budgets)


def test_one_arm_has_nobody_to_be_equal_to(suite):
    with pytest.raises(InputError, match="at least two arms"):
        suite(arms={"vanilla": None})
