"""Costs of arms beside the baseline: operations to the digit, times by what is known about them."""

import json

import pytest
import torch
import yaml

from moco_bench.cli.main import main
from moco_bench.measure import machine
from moco_bench.profile import relative_costs as module
from moco_bench.profile.relative_costs import MEASURE_OF, costs_of_suite, flops_of, seconds_of
from moco_bench.suite.equal_compute import pairs_of, read_costs
from moco_bench.suite.load import load_suite

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


def priced(monkeypatch, **relative):
    """Costs that are not measured; returns the (arm, budget) that were asked for."""
    asked = []

    def measure(budget):
        def measured(pairs, device):
            asked.extend((pair.run.arm, budget) for pair in pairs)
            return [{"relative": relative[budget]} for _ in pairs]

        return measured

    for budget in relative:
        monkeypatch.setitem(MEASURE_OF, budget, measure(budget))
    return asked


def test_symmetric_has_twice_the_arithmetic_and_a_smaller_batch_the_same_an_image(suite_file):
    symmetric, halved = flops_of(list(pairs_of(load_suite(suite_file))), "cpu")
    assert symmetric["relative"] == pytest.approx(2.0, rel=0.01)
    assert halved["relative"] == pytest.approx(1.0, rel=0.01)


def test_symmetric_takes_longer(suite_file):
    symmetric, _ = seconds_of(list(pairs_of(load_suite(suite_file))), "cpu")
    assert symmetric["q1"] <= symmetric["relative"] <= symmetric["q3"]
    assert 1.2 < symmetric["relative"] < 4
    assert symmetric["rounds"] == module.ROUNDS


def test_a_pair_is_measured_once_on_a_machine(suite_file, tmp_path, monkeypatch):
    suite, asked = load_suite(suite_file), priced(monkeypatch, seconds=1.5, flops=1.25)
    first = costs_of_suite(suite, "cpu", tmp_path)
    again = costs_of_suite(suite, "cpu", tmp_path)
    assert sorted(asked) == [
        ("halved", "flops"),
        ("halved", "seconds"),
        ("symmetric", "flops"),
        ("symmetric", "seconds"),
    ]
    assert again == first
    (kept, *_) = sorted((tmp_path / ".costs").iterdir())
    for damage in ("damaged", "{}", '{"relative": "cheap"}'):
        kept.write_text(damage)
        assert costs_of_suite(suite, "cpu", tmp_path) == first
    assert len(asked) == 7


def test_budgets_go_by_the_kind_of_device_and_not_by_its_number_or_machine(suite_file, tmp_path, monkeypatch):
    pair = next(iter(pairs_of(load_suite(suite_file))))
    monkeypatch.setattr(module, "resolve_device", torch.device)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: {2: "other"}.get(device.index, "card"))
    places = {name: module._place(pair, "seconds", name, tmp_path) for name in ("cuda:0", "cuda:1", "cuda:2", "cpu")}
    assert places["cuda:0"] == places["cuda:1"]
    assert len(set(places.values())) == 3
    monkeypatch.setattr(machine, "available_cores", lambda: 64)
    monkeypatch.setattr(machine, "usable_memory", lambda: 2**40)
    assert module._place(pair, "seconds", "cpu", tmp_path) == places["cpu"]
    monkeypatch.setattr(machine, "_cpu_model", lambda: "another processor")
    assert module._place(pair, "seconds", "cpu", tmp_path) != places["cpu"]


def test_nothing_is_timed_where_operations_are_asked_for(suite_file, tmp_path, monkeypatch):
    suite_file.write_text(suite_file.read_text().replace("- seconds\n", ""))
    asked = priced(monkeypatch, seconds=1.5, flops=1.25)
    rows = costs_of_suite(load_suite(suite_file), "cpu", tmp_path)["costs"]
    assert asked == [("symmetric", "flops"), ("halved", "flops")]
    assert [(row["arm"], row["budget"], row["relative"]) for row in rows] == [
        ("symmetric", "flops", 1.25),
        ("halved", "flops", 1.25),
    ]


def test_the_command_writes_what_runs_are_settled_by(suite_file, tmp_path, monkeypatch, capsys):
    priced(monkeypatch, seconds=2.0, flops=1.0)
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
