import pytest

from moco_bench.analyse.analysis_plan import plan_of
from moco_bench.errors import InputError
from moco_bench.suite.checks.suite import check_suite, warnings
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand, find_run
from moco_bench.suite.validation import validate


def test_arms_times_seeds_in_order(raw):
    raw["repeat_seeds"] = [1]

    runs = expand(parse_suite(raw, "test"))

    assert [run.id for run in runs[:4]] == [
        "digits/resnet-compact/vanilla/seed0",
        "digits/resnet-compact/vanilla/seed1",
        "digits/resnet-compact/vanilla/seed1-rep2",
        "digits/resnet-compact/dual/seed0",
    ]
    assert len(runs) == 9


def test_an_arm_changes_what_it_names_and_nothing_else(raw):
    suite = parse_suite(raw, "test")
    vanilla, dual = (
        find_run(suite, "digits/resnet-compact/vanilla/seed0"),
        find_run(suite, "digits/resnet-compact/dual/seed0"),
    )

    assert dual.contrast.dual_view == "key-in-batch"
    assert dual.contrast.model_copy(update={"dual_view": "none"}) == vanilla.contrast
    assert (dual.train, dual.encoder, dual.evaluate) == (vanilla.train, vanilla.encoder, vanilla.evaluate)


def test_a_rule_replaces_the_one_before_it_whole(raw):
    raw["contrast"]["negatives"] = {"rule": "band", "inner": 0.1, "outer": 0.2}

    run = find_run(parse_suite(raw, "test"), "digits/resnet-compact/filter/seed0")

    assert run.contrast.negatives.model_dump() == {
        "rule": "hardest", "fraction": 0.25, "count": None, "mass": None,
    }  # fmt: skip


def test_find_run_names_one_that_exists(raw):
    with pytest.raises(InputError, match="no run 'digits/x'; its first is"):
        find_run(parse_suite(raw, "test"), "digits/x")


def test_each_arm_is_validated_once_however_many_ask_for_it(raw, monkeypatch):
    raw["arms"] |= {f"filter-{n}": {"contrast": {"negatives": {"rule": "hardest", "count": n}}} for n in range(1, 20)}
    suite, validated = parse_suite(raw, "test"), []
    monkeypatch.setattr("moco_bench.suite.runs.validate", lambda *args: validated.append(args) or validate(*args))

    check_suite(suite)
    assert expand(suite) == expand(suite)
    assert plan_of(suite).fingerprint
    assert list(warnings(suite))

    assert len(validated) == 3 * len(suite.arms), "its encoder, its loss, its training"
