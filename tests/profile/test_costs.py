"""Costs of arms beside the baseline: operations to the digit, times by what is known about them."""

import json

import pytest
import yaml

from moco_bench.cli.main import main
from moco_bench.profile import costs as module
from moco_bench.profile.costs import Cost, costs_of_suite, measure
from moco_bench.suite.costs import pairs_of, read_costs
from moco_bench.suite.suite import load_suite

ARMS = {
    "vanilla": None,
    "symmetric": {"contrast": {"dual_view": "symmetric"}},
    "halved": {"train": {"batch_size": 32}},
}


@pytest.fixture
def suite_file(tmp_path):
    path = tmp_path / "priced.yaml"
    values = {
        "name": "priced",
        "dataset": {"name": "digits", "train_limit": 256, "test_limit": 100},
        "encoder": {"name": "resnet-compact", "width": 8},
        "contrast": {"queue_size": 128},
        "train": {"epochs": 4, "batch_size": 64, "precision": "float32", "device": "cpu"},
        "evaluate": {"knn_k": 20},
        "budgets": ["epochs", "seconds", "flops"],
        "arms": ARMS,
    }
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def test_symmetric_has_twice_the_arithmetic_and_a_smaller_batch_the_same_an_image(suite_file, monkeypatch):
    monkeypatch.setattr(module, "ROUNDS", 3)
    symmetric, halved = measure(list(pairs_of(load_suite(suite_file))), "cpu")
    assert symmetric.flops == pytest.approx(2.0, rel=0.01)
    assert halved.flops == pytest.approx(1.0, rel=0.01)
    assert symmetric.seconds_q1 <= symmetric.seconds <= symmetric.seconds_q3
    assert 1.2 < symmetric.seconds < 4


def test_a_pair_is_measured_once_on_a_machine(suite_file, tmp_path, monkeypatch):
    suite, measured = load_suite(suite_file), []

    def fake(pairs, device):
        measured.extend(pair.run.arm for pair in pairs)
        return [Cost(1.5, 1.4, 1.6, 1.25, 0.0) for _ in pairs]

    monkeypatch.setattr(module, "measure", fake)
    first = costs_of_suite(suite, "cpu", tmp_path)
    again = costs_of_suite(suite, "cpu", tmp_path)
    assert measured == ["symmetric", "halved"]
    assert again == first
    (kept, *_) = sorted((tmp_path / ".costs").iterdir())
    kept.write_text("damaged")
    costs_of_suite(suite, "cpu", tmp_path)
    assert len(measured) == 3


def test_the_command_writes_what_runs_are_settled_by(suite_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "measure", lambda pairs, device: [Cost(2.0, 1.9, 2.1, 1.0, 0.0) for _ in pairs])
    assert main(["profile", str(suite_file), "--costs", "--results", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "shared" in printed
    costs = read_costs(tmp_path / "priced" / "costs.json")
    assert costs["digits", "resnet-compact", "symmetric", "seconds"] == 2.0
    assert main(["plan", str(suite_file), "--json", "--results", str(tmp_path)]) == 0
    plan = {item["run"]: item for item in json.loads(capsys.readouterr().out)}
    assert plan["digits/resnet-compact/symmetric/seed0-seconds"]["epochs"] == 2
    assert plan["digits/resnet-compact/symmetric/seed0-flops"]["epochs"] == 4


def test_without_such_a_budget_there_is_nothing_to_measure(suite_file, tmp_path, capsys):
    suite_file.write_text(suite_file.read_text().replace("- seconds\n", "").replace("- flops\n", ""))
    assert main(["profile", str(suite_file), "--costs", "--results", str(tmp_path)]) == 2
    assert "budgets" in capsys.readouterr().err
    assert not (tmp_path / "priced").exists()
