"""Settings as the runs' records have them, beside what the suite asks for."""

from moco_bench.analyse.settings import (
    NOT_RECORDED,
    Trained,
    changes,
    disagreements,
    flat,
    named,
    shared,
    text,
    trained_runs,
)
from moco_bench.report.read.results import load_results


def trained(arm, seed=0, **values):
    return Trained(f"d/e/{arm}/seed{seed}", arm, ("d", "e"), values, recorded=True)


def test_nested_settings_become_flat_but_for_those_that_change_no_number():
    nested = {"train": {"epochs": 2, "device": "cpu", "augment": {"crop_scale": [0.2, 1.0]}}}
    assert flat(nested) == {"train.epochs": 2, "train.augment.crop_scale": [0.2, 1.0]}


def test_a_setting_is_spelt_as_in_a_suite():
    assert [text(value) for value in (0.06, (0.2, 1 / 3), None, True, "cosine-step")] == [
        "0.06", "[0.2, 0.3333]", "null", "true", "cosine-step"
    ]  # fmt: skip


def test_of_many_runs_the_first_are_named():
    assert named(["a", "b"], most=2) == "a, b"
    assert named(["a", "b", "c"], most=2) == "a, b and 1 more"


def test_a_setting_that_runs_share_is_one_value_and_else_each_with_its_runs():
    runs = [trained("vanilla", epochs=2), trained("dual", epochs=2)]
    assert shared(runs, "epochs") == "2"
    assert shared([*runs, trained("both", epochs=3)], "epochs") == (
        "2 in d/e/vanilla/seed0, d/e/dual/seed0; 3 in d/e/both/seed0"
    )
    assert shared(runs, "rate") == NOT_RECORDED


def test_an_arm_changes_what_differs_from_the_baseline():
    runs = [trained("vanilla", tau=0.2, epochs=2), trained("dual", tau=0.1, epochs=2), trained("dual", 1, tau=0.3)]
    assert changes(runs, "dual", "vanilla") == {"tau": ["0.1", "0.3"]}
    assert changes(runs, "vanilla", "vanilla") == {}


def test_records_are_held_against_the_suite_and_speak_before_it(tmp_path, synthetic):
    results = load_results(synthetic.write_results(tmp_path, synthetic.suite_values(1)))
    suite = results.plan.suite
    assert disagreements(trained_runs(results.finished, results.records, suite), suite) == []
    place = next(iter(results.records))
    results.records[place]["config"]["train"]["batch_size"] = 12
    (said,) = disagreements(trained_runs(results.finished, results.records, suite), suite)
    assert said.startswith("suite.yaml and run.json disagree: train.batch_size is ")
    assert said.endswith(f"in the suite and 12 in {place.removeprefix('runs/')}.")
    planned = trained_runs(results.finished, {}, suite)
    assert [run.arm for run in planned] == ["vanilla", "dual", "filter", "both"]
    assert not any(run.recorded for run in planned)
