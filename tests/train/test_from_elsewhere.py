"""An encoder that one suite trained and another one evaluates: the same accuracy, beside the other's own arms."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml

from moco_bench.cli.main import main

SMOKE = yaml.safe_load((Path(__file__).parents[2] / "config" / "smoke.yaml").read_text())
IMAGES = {"name": "digits", "train_limit": 300, "test_limit": 100}
PLACE = "runs/digits/resnet-compact"


def suite_of(name, arms):
    values = {**SMOKE, "name": name, "dataset": IMAGES, "arms": arms}
    values["evaluate"] = {**SMOKE["evaluate"], "corruptions": False, "floors": False}
    Path(f"{name}.yaml").write_text(yaml.safe_dump(values))
    return f"{name}.yaml"


def run(suite, *runs):
    assert main(["prepare", suite, "--dataset", "digits"]) == 0
    for name in runs:
        assert main(["pretrain", suite, "--run", f"digits/resnet-compact/{name}"]) == 0
        assert main(["evaluate", suite, "--run", f"digits/resnet-compact/{name}"]) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder in which the suite `origin` has run and its two encoders were exported."""
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(suite_of("origin", {"vanilla": None}), "vanilla/seed0", "vanilla/seed1")
        for seed in (0, 1):
            source = f"results/origin/{PLACE}/vanilla/seed{seed}"
            assert main(["export-encoder", source, "--to", "safetensors", "--out", f"theirs{seed}.safetensors"]) == 0
    return folder


@pytest.fixture
def here(place, tmp_path, monkeypatch):
    """A copy of it, to be changed at will."""
    shutil.copytree(place, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")


def effects_of(suite):
    return list(csv.DictReader(Path(f"results/{suite}/effects.csv").read_text().splitlines()))


def metrics(suite, name):
    return json.loads(Path(f"results/{suite}/{PLACE}/{name}/metrics.json").read_text())


@pytest.mark.slow
def test_an_exported_encoder_is_an_arm_of_another_suite(here, capsys):
    arms = {
        "vanilla": None,
        "theirs": {"encoder": {"checkpoint": "theirs{seed}.safetensors"}},
        "one": {"encoder": {"checkpoint": "theirs1.safetensors"}},
    }
    suite = suite_of("beside", arms)
    runs = [f"{arm}/seed{seed}" for arm in ("vanilla", "theirs") for seed in (0, 1)] + ["one/seed0"]
    run(suite, *runs)
    same = ("knn_top1", "knn_top1_projection", "linear_top1", "alignment", "uniformity")
    for seed in (0, 1):
        origin, arm = metrics("origin", f"vanilla/seed{seed}"), metrics("beside", f"theirs/seed{seed}")
        assert {name: arm[name] for name in same} == {name: origin[name] for name in same}
    assert metrics("beside", "one/seed0")["knn_top1"] == metrics("origin", "vanilla/seed1")["knn_top1"]

    assert main(["collect", suite, "--complete"]) == 0
    assert main(["analyse", "results/beside"]) == 0
    assert main(["report", "results/beside", "--out", "reports/beside"]) == 0
    effects = effects_of("beside")
    of_knn = {row["effect"]: row for row in effects if row["metric"] == "knn_top1"}
    assert set(of_knn) == {"theirs-vanilla"}  # the single encoder pairs with nobody
    assert (of_knn["theirs-vanilla"]["n_seeds"], of_knn["theirs-vanilla"]["paired"]) == ("2", "proven")
    assert float(of_knn["theirs-vanilla"]["estimate"]) == 0
    report = Path("reports/beside/report.md").read_text()
    assert "| one | 1 |" in report
    assert "one was not trained here: theirs1.safetensors" in report

    capsys.readouterr()
    assert main(["plan", suite, "--json"]) == 0
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"done"}
    shutil.copy("theirs0.safetensors", "theirs1.safetensors")
    assert main(["plan", suite, "--json"]) == 0
    changed = [row["run"].split("/", 2)[2] for row in json.loads(capsys.readouterr().out) if row["would_run"]]
    assert sorted(changed) == ["one/seed0", "theirs/seed1"]


def test_an_encoder_that_says_nothing_of_its_seeds_pairs_with_none(here):
    for seed in (0, 1):
        weights = torch.load(_as_torch(seed), weights_only=True)
        torch.save({f"module.{name}": value for name, value in weights.items()}, f"plain{seed}.pth")
    suite = suite_of("plain", {"vanilla": None, "theirs": {"encoder": {"checkpoint": "plain{seed}.pth"}}})
    run(suite, "vanilla/seed0", "vanilla/seed1", "theirs/seed0", "theirs/seed1")
    found = metrics("plain", "theirs/seed0")
    assert found["knn_top1"] == metrics("origin", "vanilla/seed0")["knn_top1"]
    assert found["knn_top1_projection"] is None
    assert found["similarities"] is None
    assert main(["collect", suite, "--complete"]) == 0
    assert main(["analyse", "results/plain"]) == 0
    assert main(["report", "results/plain", "--out", "reports/plain"]) == 0
    effects = effects_of("plain")
    assert {row["n_seeds"] for row in effects} == {"0"}
    assert "nothing says which random numbers theirs was trained with" in effects[0]["left_out"]


def _as_torch(seed):
    from safetensors.torch import load_file

    weights = load_file(f"theirs{seed}.safetensors")
    torch.save({name: value for name, value in weights.items() if name.startswith("backbone.")}, "backbone.pth")
    return "backbone.pth"


def test_a_file_of_another_network_is_refused_when_it_is_read(here, capsys):
    torch.save({"conv1.weight": torch.zeros(2)}, "wrong.pth")
    suite = suite_of("wrong", {"vanilla": None, "theirs": {"encoder": {"checkpoint": "wrong.pth"}}})
    assert main(["prepare", suite, "--dataset", "digits"]) == 0
    capsys.readouterr()
    assert main(["pretrain", suite, "--run", "digits/resnet-compact/theirs/seed0"]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "wrong.pth: not the weights of resnet-compact" in said[-1]
    assert not Path(f"results/wrong/{PLACE}/theirs/seed0/run.json").exists()
