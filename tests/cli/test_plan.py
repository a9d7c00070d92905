"""`moco-bench plan`: what is done, what a search costs, and a part of a suite."""

import json
from pathlib import Path

import pytest

from moco_bench.cli.main import main
from moco_bench.files import write_json
from moco_bench.suite.load import load_suite
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.tune import candidates, tune_fingerprint, tuned_path

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"
RUN = "digits/resnet-compact/both/seed0"
SEARCH = """
name: tiny
dataset: digits
encoder: {name: resnet-compact, width: 8}
contrast: {queue_size: 256}
train: {epochs: 2, batch_size: 64}
seeds: 2
arms: {vanilla: null, dual: {contrast: {dual_view: key-in-batch}}, filter: {contrast: {negatives: hardest}}}
tune: {train.learning_rate: [0.03, 0.06, 0.12], contrast.key_weight: [0.2, 0.5]}
"""


@pytest.fixture
def searched(tmp_path):
    """A suite with a search, from its file `suite.yaml`."""
    (tmp_path / "suite.yaml").write_text(SEARCH)
    return load_suite(tmp_path / "suite.yaml")


def choose(suite, results):
    """What a search leaves that chose the same rate for every arm."""
    rows = [
        {"dataset": "digits", "encoder": "resnet-compact", "arm": arm, "values": {"train.learning_rate": 0.06}}
        for arm in suite.arms
    ]
    path = tuned_path(suite, results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"fingerprint": tune_fingerprint(suite), "chosen": rows, "images": {}}))


def test_a_run_that_is_done_is_known(smoke_results, capsys):
    assert main(["plan", str(SMOKE), "--results", str(smoke_results), "--json"]) == 0
    planned = {item["run"]: item["state"] for item in json.loads(capsys.readouterr().out)}
    assert planned.pop(RUN) == "done"
    assert set(planned.values()) == {"new"}

    assert main(["plan", str(SMOKE), "--results", str(smoke_results)]) == 0
    assert "8 runs: " in capsys.readouterr().out


def test_plan_tells_what_the_search_costs(searched, tmp_path, capsys):
    epochs = sum(each.run.train.epochs for each in candidates(searched))
    assert main(["plan", str(tmp_path / "suite.yaml"), "--results", str(tmp_path / "results")]) == 0
    said = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("tune: "))
    assert said == (
        "tune: before the runs, 9 candidates are trained, 3 for each arm; "
        f"9 are left: {epochs} epochs, each of 80% of the training images"
    )


def test_the_hours_left_include_the_candidates(searched, tmp_path, capsys):
    """A step takes a minute and an epoch of digits has 22; a candidate's has four fifths of them."""
    folder = tmp_path / "results" / "tiny" / "profile"
    write_json(folder / "profile.json", {"fingerprint": profile_fingerprint(searched), "machine": {"cpu": "a CPU"}})
    lines = [f"digits,resnet-compact,{arm},step,60000" for arm in searched.arms]
    (folder / "time.csv").write_text("\n".join(["dataset,encoder,arm,part,median_ms", *lines]))
    plan = ["plan", str(tmp_path / "suite.yaml"), "--results", str(tmp_path / "results")]
    assert main(plan) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith(
        "Left to train: about 9.7 hours, one run after the other, of which 5.3 for the candidates of"
    )
    assert "; 15 runs are estimated by the profile of a CPU (" in said

    choose(searched, tmp_path / "results")
    assert main(plan) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("Left to train: about 4.4 hours, one run after the other; 6 runs are estimated")


def test_a_search_whose_choice_stands_has_nothing_left(searched, tmp_path, capsys):
    choose(searched, tmp_path / "results")
    assert main(["plan", str(tmp_path / "suite.yaml"), "--results", str(tmp_path / "results")]) == 0
    said = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("tune: "))
    assert said == "tune: 9 candidates were trained, 3 for each arm; the runs use the best"


def test_a_part_waits_for_the_search_of_the_whole(searched, tmp_path, capsys):
    """Parts that search by themselves could choose unlike settings, and could never be merged."""
    results = tmp_path / "results"
    plan = ["plan", str(tmp_path / "suite.yaml"), "--results", str(results), "--shard", "1/2"]
    assert main(plan) == 2
    assert "searched first, once for all parts (not done yet)" in capsys.readouterr().err
    choose(searched, results)
    assert main(plan) == 0
