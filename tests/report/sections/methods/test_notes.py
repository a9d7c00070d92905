"""The methods section says what the runs' records say, and names where they disagree."""

import json
from dataclasses import replace

import pytest
import yaml

from moco_bench.analyse.doses import describe_doses
from moco_bench.analyse.settings import disagreements, trained_runs
from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.methods.notes import methods_notes


def methods(path):
    said, heading = {}, ""
    for note in methods_notes(load_results(path), Links(path, path)):
        heading = note.heading or heading
        said[heading] = f"{said.get(heading, '')} {note.text}".strip()
    return said


def edit(path, place, change):
    file = path / "runs/fashion-mnist-5k/resnet-compact" / place / "run.json"
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))


@pytest.fixture
def path(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    values["contrast"] |= {"filter_warmup_steps": 32, "key_weight": 0.3}
    values["encoder"] |= {"depth": 2, "stem": "patch2"}
    values["train"]["augment"] = {"crop_scale": [0.6, 1.0], "brightness": 0.8, "blur": 0.25}
    values["evaluate"] = {"corruption_images": 400}
    return synthetic.write_results(tmp_path, values)


def trained_of(results):
    return trained_runs(results.finished, results.records, results.plan.suite)


def disagreements_of(results):
    return disagreements(trained_of(results), results.plan.suite)


def test_everything_that_shapes_a_number_is_said(path):
    said = methods(path)
    trained = said["What was trained"]
    for words in (
        "as the runs\u2019 records say",
        "resnet-compact, width 16, depth 2, stem patch2, linear head of 128 dimensions",
        "12 epochs of batches of 128; SGD, learning rate 0.06",
        "Filters begin after 32 steps",
        "weight w in (1 \u2212 w) L_q + w L_k is 0.3",
        "a random crop of [0.6, 1.0] of the area",
        "colour jitter 0.8",
        "brightness 0.8",
        "Gaussian blur 0.25",
        "auto (resolved to bfloat16 on cpu)",
        "is never its negative",
    ):
        assert words in trained, words
    assert "solarisation" not in trained, "its probability is 0"
    evaluated = said["How it was evaluated"]
    assert "200 neighbours weighted by exp(similarity / 0.1)" in evaluated
    assert "noise, blur, contrast and occlusion, three strengths each" in evaluated
    assert "mean over all, on 400 of fashion-mnist-5k's evaluation images" in evaluated
    assert "C (of 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10, 100) is chosen on 20 %" in evaluated


def test_a_filter_without_a_warm_up_is_in_force_at_once(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    values["contrast"]["filter_warmup_steps"] = 0
    trained = methods(synthetic.write_results(tmp_path, values))["What was trained"]
    assert "Filters are in force from the first step." in trained
    assert "Filters begin after" not in trained


def test_sizes_and_what_an_interval_covers(path):
    said = methods(path)["Images, and what an interval covers"]
    assert "5,000 training images of 10 classes; evaluated on 1,000 images (test split)" in said
    assert "one image is 0.1 point of accuracy" in said
    results = load_results(path)
    part = results.finished.loc[results.finished["arm"] == "vanilla", "knn_top1"].mean() / 100
    assert f"is {100 * (part * (1 - part) / 1000) ** 0.5:.2f} points" in said
    assert "Intervals over seeds say how results vary when training is repeated" in said
    assert "Intervals over seeds and images also say how results vary with other evaluation images" in said


def test_what_the_main_effects_average_is_said_among_the_rules(path):
    said = describe_doses(load_results(path).plan)
    assert said.startswith("Simple effects stand first")
    assert said in methods(path)["How it was judged"]


def test_arms_are_what_their_records_have_otherwise(path):
    said = methods(path)["Arms"]
    assert "vanilla is the baseline." in said
    assert "dual: contrast.dual_view = key-in-batch." in said
    assert "filter: contrast.negatives.fraction = 0.25, contrast.negatives.rule = hardest." in said
    assert "disagree" not in said


def test_the_softmax_mass_that_each_filter_keeps_is_said_with_its_file(path):
    results = load_results(path)
    kept = {"vanilla": 1.0, "dual": 1.0, "filter": 0.52, "both": 0.4}
    known = replace(results, histories=results.histories.assign(kept_mass=results.histories["arm"].map(kept)))
    notes = methods_notes(known, Links(path, path))
    said = [note.text for note in notes if "softmax mass" in note.text]
    assert said == [
        "In the last epoch, filter keeps 52 % of the negatives\u2019 softmax mass.",
        "In the last epoch, both keeps 40 % of the negatives\u2019 softmax mass.",
    ]
    sources = [source for note in notes for source in note.sources]
    assert any(source.title.endswith("filter/seed0/history.csv") for source in sources)
    assert not any("softmax mass" in text for text in methods(path).values()), "these histories don't tell"


def test_a_run_that_was_trained_otherwise_is_named(path):
    edit(path, "vanilla/seed1", lambda record: record["config"]["train"].update(learning_rate=0.03))
    said = methods(path)
    place = "fashion-mnist-5k/resnet-compact/vanilla/seed"
    assert f"learning rate 0.06 in {place}0; 0.03 in {place}1" in said["What was trained"]
    note = f"suite.yaml and run.json disagree: train.learning_rate is 0.06 in the suite and 0.03 in {place}1."
    assert note in said["Arms"]
    assert len(disagreements_of(load_results(path))) == 1


def test_without_records_the_suite_speaks_and_says_so(tmp_path, synthetic):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2), missing=("seed0", "seed1"), floors=False)
    results = load_results(path)
    assert not any(run.recorded for run in trained_of(results))
    said = methods(path)["What was trained"]
    assert "as suite.yaml asks; no run has a record yet" in said
    assert "learning rate 0.06" in said


@pytest.mark.parametrize("config", [None, [], {"train": 3}, {"train": {"learning_rate": "fast"}}, {"encoder": None}])
def test_odd_records_stop_nothing(path, config):
    edit(path, "vanilla/seed0", lambda record: record.update(config=config))
    assert methods(path)["What was trained"]


def test_equal_compute_does_not_count_as_disagreement(tmp_path, synthetic):
    values = {**synthetic.suite_values(2), "budgets": ["epochs", "flops"]}
    path = synthetic.write_results(tmp_path, values, costs={"dual": 2.0})
    assert disagreements_of(load_results(path)) == []
    assert "12 epochs of batches" in methods(path)["What was trained"]


def test_rules_are_the_packages_unless_the_suite_declares_some(path):
    suite = yaml.safe_load((path / "suite.yaml").read_text())
    del suite["analysis"]
    (path / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    judged = methods(path)["How it was judged"]
    assert "The rules are the package\u2019s defaults: suite.yaml has no block \u201canalysis\u201d." in judged
    assert f"Fingerprint of rules and design: {load_results(path).plan.fingerprint}" in judged
    suite = yaml.safe_load((path / "suite.yaml").read_text())
    suite["analysis"] = {"margin_points": 0.5, "confidence": 0.9}
    (path / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    judged = methods(path)["How it was judged"]
    assert (
        "The block \u201canalysis\u201d of suite.yaml states confidence and margin_points; claims, costs, holm,"
        in judged
    )
    assert "within 0.5 points (accuracies) or 5 % of the control\u2019s value (all else)" in judged.replace(
        "'", "\u2019"
    )


def test_a_table_of_runs_alone_has_its_statistics(tmp_path):
    rows = [f"{arm},d,e,{seed},done,{60 + seed}" for arm in ("vanilla", "dual") for seed in range(3)]
    (tmp_path / "runs.csv").write_text("\n".join(["arm,dataset,encoder,seed,status,knn_top1", *rows]))
    assert list(methods(tmp_path)) == ["How it was judged"]


def test_ideas_are_told_in_their_own_words_and_plug_ins_named(tmp_path, synthetic):
    values = synthetic.suite_values(2)
    assert "Losses and negatives" in methods(synthetic.write_results(tmp_path / "own", values))
    told = {
        "kind": "negatives", "name": "soft", "code": "0" * 64, "summary": "Weighs keys.", "source": "my notebook",
        "cost": "nothing", "flags": {}, "required": [], "defaults": {"power": 1.0},
    }  # fmt: skip
    values["arms"] = {"vanilla": None, "soft": {"contrast": {"negatives": "soft"}}}
    values["recorded_plugins"] = [told]
    said = methods(synthetic.write_results(tmp_path / "plugged", values, gains={"vanilla": 0.0, "soft": 1.0}))
    assert said["Losses and negatives"] == "soft (a plug-in\u2019s): Weighs keys. Source: my notebook."


def test_without_an_idea_nothing_is_told(tmp_path, synthetic):
    values = {**synthetic.suite_values(2), "arms": {"vanilla": None, "colder": {"contrast": {"temperature": 0.05}}}}
    path = synthetic.write_results(tmp_path, values, gains={"vanilla": 0.0, "colder": 1.0})
    assert "Losses and negatives" not in methods(path)
