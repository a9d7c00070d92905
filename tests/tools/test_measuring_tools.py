"""The tools that choose and measure, on a few steps: what they print, not how fast they are."""

import argparse
import importlib.util
import json
from pathlib import Path

import pytest
import torch

from moco_bench.data.datasets import load_dataset
from moco_bench.suite.config import DatasetConfig

TOOLS = Path(__file__).parents[2] / "tools"


def load(name):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_encoders_are_judged_on_held_out_images(monkeypatch, capsys):
    tool = load("choose_encoder")
    asked = []

    def small(config):
        asked.append(config)
        return load_dataset(DatasetConfig(name="fashion-mnist-5k", train_limit=600, validation=config.validation))

    monkeypatch.setattr(tool, "load_dataset", small)
    assert tool.main(["--minutes", "0.001", "--only", "w16-patch2", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert asked[0].name == "cifar10"
    assert asked[0].validation == 0.1
    assert row["processor_seconds"] > 0
    assert 0 <= row["knn_top1"] <= 100


def test_the_best_encoder_stands_first():
    tool = load("choose_encoder")
    rows = [
        {"name": name, "parameters": 1000, "images_per_second": 10.0, "epochs": 1.0, "knn_top1": knn}
        for name, knn in (("a", 40.0), ("b", 50.0))
    ]
    assert [line.split()[1] for line in tool.table(rows).splitlines()[2:]] == ["b", "a"]
    assert len(tool.CANDIDATES) >= 6


def test_freed_memory_compares_two_processes(capsys):
    tool = load("freed_memory")
    assert tool.main(["--batch-size", "32", "--rounds", "1", "--steps", "1"]) == 0
    rows = {
        line.split()[0]: [float(word) for word in line.split()[1:]] for line in capsys.readouterr().out.splitlines()[1:]
    }
    assert set(rows) == {"milliseconds", "faults", "peak_mib"}
    assert all(keep > 0 and ratio == pytest.approx(keep / default, abs=0.05) for keep, default, ratio in rows.values())


def test_variants_of_a_step_are_timed_beside_the_usual_one(capsys):
    tool = load("step_variants")
    variants = ["usual", "contiguous", "fused-optimiser", "in-place-relu-backward"]
    assert tool.main(["--batch-size", "16", "--rounds", "1", "--only", *variants]) == 0
    rows = {line.split()[0]: float(line.split()[1]) for line in capsys.readouterr().out.splitlines()[3:]}
    assert list(rows) == variants
    assert all(ratio > 0 for ratio in rows.values())


@pytest.mark.parametrize("name", ["fused-optimiser", "in-place-relu-backward", "contiguous"])
def test_a_variant_of_a_step_computes_the_same(name):
    tool = load("step_variants")
    options = argparse.Namespace(encoder="resnet-compact", batch_size=16, precision="float32", threads=1)
    weights = []
    for build in (tool.usual, tool.VARIANTS[name]):
        stepper = build(options)
        for _ in range(2):
            stepper.step()
        weights.append(torch.cat([parameter.flatten() for parameter in stepper.state.query_encoder.parameters()]))
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-5)


def test_two_ways_to_use_all_cores(capsys):
    tool = load("thread_placement")
    assert tool.main(["--batch-size", "16", "--cores", "2", "--rounds", "1", "--seconds", "0.1"]) == 0
    many, one, ratio = (float(line.split("  ")[-1].split()[0]) for line in capsys.readouterr().out.splitlines())
    assert ratio == pytest.approx(many / one, rel=0.2)
