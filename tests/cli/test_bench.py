"""`moco-bench bench` with pretended measurements: what it prints, saves, compares and refuses."""

import json
from copy import deepcopy

import pytest

from benchmarks.peers import run as bench_run
from benchmarks.peers import settings
from moco_bench.cli.main import main

SPEED = {"images_per_second": 100.0, "quartiles": [99.0, 101.0], "rounds": [99.0, 101.0]}


@pytest.fixture
def measured(monkeypatch):
    """What the next benchmarks will have measured; a change of it changes them."""
    ratios = {"lightly": None, "lightly_bfloat16": None, "demo": 4.0}
    spreads = {"lightly": None, "lightly_bfloat16": None, "demo": [3.9, 4.1]}
    result = {
        "protocol": bench_run.PEERS_PROTOCOL,
        "workload": settings.workload(("resnet-compact",), quick=True).plain(),
        "timing": {"threads": 1},
        "machine": {"cpu": "a", "cores": 1, "bfloat16": "none"},
        "device": "cpu",
        "precision": "float32",
        "ceiling_gflops": {"float32": 100.0},
        "surroundings": {"foreign_load": 0.5},
        "throughput": {"resnet-compact": {"moco_bench float32": SPEED, "lightly": {"absent": "not installed"}}},
        "ratios": {"resnet-compact": ratios},
        "ratios_float32": {"resnet-compact": ratios},
        "ratios_compiled": {"resnet-compact": dict.fromkeys(ratios)},
        "ratio_quartiles": {
            "ratios": {"resnet-compact": spreads},
            "ratios_float32": {"resnet-compact": spreads},
            "ratios_compiled": {"resnet-compact": dict.fromkeys(ratios)},
        },
        "ceiling_share": {"resnet-compact": 0.25},
        "bfloat16_over_float32": {"resnet-compact": None},
        "loss": {
            "all": {
                "peak_memory_ratio": 0.05, "time_ratio": 0.5, "time_ratio_quartiles": [0.4, 0.6],
                "peak_mib": {"streamed": 1.0}, "milliseconds": {"streamed": 1.0},
            }
        },
        "loss_short_queue": {},
    }  # fmt: skip
    monkeypatch.setattr(bench_run, "run_benchmark", lambda *_, **__: deepcopy(result))
    return result


QUICK = ["bench", "--quick", "--encoder", "resnet-compact", "--device", "cpu"]


def test_a_table_for_reading(measured, capsys):
    assert main(QUICK) == 0
    text = capsys.readouterr().out
    assert "4.00 (3.90 - 4.10)" in text
    assert "float32 reaches 25 %" in text
    assert "lightly             -         not installed" in text
    assert "compiled" not in text
    assert sum(line.startswith("moco_bench float32") for line in text.splitlines()) == 2, "its speed and its ratios"


@pytest.mark.parametrize(
    ("chosen", "quartiles", "said"),
    [
        ("bfloat16", [0.6, 0.8], True),
        ("float32", [0.6, 0.8], False),
        ("bfloat16", [0.9, 1.1], False),
        ("float32", [1.2, 1.4], True),
        ("bfloat16", [1.2, 1.4], False),
    ],
)
def test_a_precision_that_is_the_slower_one_is_named(measured, capsys, chosen, quartiles, said):
    measured["precision"] = chosen
    measured["ceiling_gflops"]["bfloat16"] = 100.0
    measured["bfloat16_over_float32"]["resnet-compact"] = {"ratio": sum(quartiles) / 2, "quartiles": quartiles}

    assert main(QUICK) == 0
    assert (f"`precision: auto` is {chosen} here, and that is the slower one" in capsys.readouterr().out) == said


def test_json_holds_everything(measured, capsys):
    assert main([*QUICK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == measured


def test_against_an_earlier_benchmark(measured, tmp_path, capsys):
    saved = str(tmp_path / "before.json")
    assert main([*QUICK, "--save", saved]) == 0
    assert main([*QUICK, "--baseline", saved]) == 0
    capsys.readouterr()

    measured["loss"]["all"]["peak_memory_ratio"] = 0.9

    assert main([*QUICK, "--baseline", saved]) == 1
    marked = [line for line in capsys.readouterr().out.splitlines() if line.endswith("SLOWER")]
    assert [line.split()[0] for line in marked] == ["loss.all.peak_memory_ratio"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--encoder", "vgg"], "no encoder 'vgg'"),
        (["--data", "mnist"], "no data 'mnist'"),
        (["--device", "tpu"], "--device is 'tpu'"),
        (["--threads", "0"], "--threads is 0"),
        (["--margin", "nan"], "--margin is nan"),
        (["--baseline", "nowhere.json"], "nowhere.json: no such file"),
    ],
)
def test_bad_input_is_found_before_anything_is_measured(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(bench_run, "run_benchmark", lambda *_, **__: pytest.fail("measured"))
    assert main(["bench", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_baseline_of_another_workload_is_refused_before_measuring(measured, tmp_path, capsys, monkeypatch):
    saved = str(tmp_path / "before.json")
    assert main([*QUICK, "--save", saved]) == 0
    monkeypatch.setattr(bench_run, "run_benchmark", lambda *_, **__: pytest.fail("measured"))

    assert main(["bench", "--encoder", "resnet18-cifar", "--device", "cpu", "--baseline", saved]) == 2
    assert "another workload (batch_sizes, encoders)" in capsys.readouterr().err
