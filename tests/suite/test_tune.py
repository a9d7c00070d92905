import json
from collections import Counter

import pytest

from moco_bench.errors import InputError
from moco_bench.files import sealed, write_json
from moco_bench.suite.equal_compute import find_settled_run, known_runs
from moco_bench.suite.identity.analysis import analysis_fingerprint
from moco_bench.suite.load import load_suite
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import expand
from moco_bench.suite.steps import why_tune
from moco_bench.suite.tune import candidates, read_choices, tune_fingerprint, tuned_path

SEARCH = {"train.learning_rate": [0.03, 0.06, 0.12], "contrast.key_weight": [0.2, 0.5]}


@pytest.fixture
def suite(raw, tmp_path):
    def load(tune=SEARCH, **changes):
        path = tmp_path / "suite.yaml"
        path.write_text(json.dumps({**raw, "tune": tune, **changes}))
        return load_suite(path)

    return load


def choose(suite, results, images=None, **of_arms):
    path = tuned_path(suite, results)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"dataset": "digits", "encoder": "resnet-compact", "arm": arm, "values": values}
        for arm, values in of_arms.items()
    ]
    path.write_text(json.dumps({"fingerprint": tune_fingerprint(suite), "chosen": rows, "images": images or {}}))


def test_every_arm_has_as_many_candidates(suite):
    found = candidates(suite())
    assert Counter(each.arm for each in found) == {"vanilla": 3, "dual": 3, "filter": 3}
    assert all("contrast.key_weight" not in each.values for each in found if each.arm != "dual"), (
        "it has no effect there"
    )


def test_of_more_combinations_each_value_is_drawn_about_equally_often(suite):
    search = {"train.learning_rate": [0.03, 0.06, 0.12, 0.24], "contrast.key_weight": [0.2, 0.5]}
    of_dual = [each.values for each in candidates(suite(search)) if each.arm == "dual"]
    assert len(of_dual) == 4
    assert sorted(values["train.learning_rate"] for values in of_dual) == [0.03, 0.06, 0.12, 0.24]
    assert sorted(values["contrast.key_weight"] for values in of_dual) == [0.2, 0.2, 0.5, 0.5]


def test_a_candidate_is_a_run_on_held_out_images_from_a_seed_of_its_own(suite):
    loaded = suite()
    for each in candidates(loaded):
        run = each.run
        assert run.dataset.validation == 0.2
        assert run.seed not in loaded.seeds
        assert run.train.learning_rate == each.values["train.learning_rate"]
        assert run.open_search is None
    assert len({each.run.fingerprint for each in candidates(loaded)}) == 9
    assert len({each.run.id for each in candidates(loaded)}) == 9


def test_a_key_that_an_arm_sets_is_not_searched_there(suite, raw):
    raw["arms"]["slow"] = {"train": {"learning_rate": 0.01}}
    search = {"train.learning_rate": [0.03, 0.06], "contrast.temperature": [0.1, 0.2]}
    of_slow = [each for each in candidates(suite(search)) if each.arm == "slow"]
    assert [dict(each.values) for each in of_slow] == [{"contrast.temperature": 0.1}, {"contrast.temperature": 0.2}]
    assert {each.run.train.learning_rate for each in of_slow} == {0.01}


def test_runs_wait_for_the_search_and_then_take_what_it_chose(suite, tmp_path):
    loaded = suite()
    waiting = known_runs(loaded, tmp_path)
    assert {plan_run(run, tmp_path).reason for run in waiting} == {
        f"waits for the search of arm {arm} (`moco-bench tune`)" for arm in loaded.arms
    }
    with pytest.raises(InputError, match="run `moco-bench tune`"):
        find_settled_run(loaded, waiting[0].id, tmp_path)

    chosen = {
        "vanilla": {"train.learning_rate": 0.12},
        "dual": {"train.learning_rate": 0.03, "contrast.key_weight": 0.2},
        "filter": {"train.learning_rate": 0.06},
    }
    choose(loaded, tmp_path, **chosen)
    for run in known_runs(loaded, tmp_path):
        assert run.train.learning_rate == chosen[run.arm]["train.learning_rate"]
        assert run.contrast.key_weight == chosen[run.arm].get("contrast.key_weight", 0.5)
        assert find_settled_run(loaded, run.id, tmp_path) == run
        assert plan_run(run, tmp_path).reason == "never run"


def test_a_tuned_run_is_the_run_that_was_declared_with_these_values(suite, raw, tmp_path):
    loaded = suite()
    choose(loaded, tmp_path, vanilla={"train.learning_rate": 0.12})
    tuned = next(run for run in known_runs(loaded, tmp_path) if run.arm == "vanilla")
    declared = next(
        run for run in expand(suite({}, train={**raw["train"], "learning_rate": 0.12})) if run.arm == "vanilla"
    )
    assert tuned.fingerprint == declared.fingerprint


def test_another_search_is_another_request_and_another_design(suite):
    one, other, none = suite(), suite({"train.learning_rate": [0.03, 0.06]}), suite({})
    assert len({analysis_fingerprint(each) for each in (one, other, none)}) == 3
    assert len({expand(each)[0].fingerprint for each in (one, other, none)}) == 3
    assert candidates(none) == ()


@pytest.mark.parametrize("text", ["{}", '{"fingerprint": "of another"}', "[]", "{"])
def test_a_choice_of_another_search_is_refused(suite, tmp_path, text):
    loaded = suite()
    path = tuned_path(loaded, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(InputError):
        read_choices(loaded, tmp_path)
    assert all(run.open_search for run in known_runs(loaded, tmp_path))


def test_a_choice_that_was_edited_is_refused(suite, tmp_path):
    loaded = suite()
    path = tuned_path(loaded, tmp_path)
    path.parent.mkdir(parents=True)
    row = {"dataset": "digits", "encoder": "resnet-compact", "arm": "vanilla", "values": {"train.learning_rate": 0.03}}
    content = sealed({"fingerprint": tune_fingerprint(loaded), "chosen": [row]})
    write_json(path, content)
    assert read_choices(loaded, tmp_path)
    write_json(path, {**content, "chosen": [{**row, "values": {"train.learning_rate": 0.12}}]})
    with pytest.raises(InputError, match="changed by hand"):
        read_choices(loaded, tmp_path)
    assert all(run.open_search for run in known_runs(loaded, tmp_path))


def test_a_choice_made_on_other_images_is_made_again(suite, tmp_path):
    loaded = suite()
    manifest = tmp_path / loaded.name / "data" / "digits.json"
    write_json(manifest, {"sha256": "first"})
    choose(loaded, tmp_path, images={"digits": "first"}, vanilla={"train.learning_rate": 0.12})
    assert read_choices(loaded, tmp_path)
    assert why_tune(loaded, tmp_path) == ""
    write_json(manifest, {**sealed({"sha256": "first"}), "sha256": "edited"})
    assert why_tune(loaded, tmp_path) == "", "only prepare can tell"
    write_json(manifest, {"sha256": "second"})
    with pytest.raises(InputError, match="chosen on other images"):
        read_choices(loaded, tmp_path)
    assert why_tune(loaded, tmp_path) == "the images have changed"


@pytest.mark.parametrize(
    ("tune", "more", "said"),
    [
        ({"train.epochs": [1, 2]}, {}, "train.epochs"),
        ({"train.learning_rate": []}, {}, "at least 1 needed, not 0"),
        ({"train.learning_rate": [0.1, 0.1]}, {}, "duplicate values"),
        ({"train.learning_rate": [0.1, -1]}, {}, "above 0 is needed, not -1"),
        ({"contrast.key_weight": [0.1, 0.2]}, {}, "fewer than two candidates for arm vanilla"),
        ({"train.learning_rate": [0.1]}, {}, "fewer than two candidates"),
        (SEARCH, {"dataset": {"name": "digits", "validation": 0.1}}, "leave `validation` out"),
        (SEARCH, {"analysis": {"primary": "knn_top1_corrupted"}}, "aren't corrupted"),
        (SEARCH, {"analysis": {"primary": "images_per_second"}}, "no side says which encoder is better"),
    ],
)
def test_searches_that_cannot_be_are_refused(suite, tune, more, said):
    with pytest.raises(InputError, match=said):
        suite(tune, **more)
