"""Augmentations as ideas: the recipe is what it was, a plug-in's views are drawn, hashed and compared."""

import csv
import json

import pytest
import yaml

from moco_bench.cli.main import main
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.errors import InputError
from moco_bench.suite.config import TrainConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand

SHIFTED = '''"""Views of my own."""
from typing import Literal

import torch
from pydantic import Field

from moco_bench.components import Augmentation


class Shifted(Augmentation):
    """Moves all images of a batch by as many pixels."""

    name: Literal["shifted"] = "shifted"
    most: int = Field(2, description="Pixels.")

    def view(self, images, generator):
        return images.roll(int(torch.randint(-self.most, self.most + 1, (), generator=generator)), dims=3)
'''
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shifted.py").write_text(SHIFTED)
    return tmp_path


def write(folder, **changes):
    suite = {
        "name": "mine",
        "plugins": ["shifted.py"],
        "dataset": {"name": "digits", "train_limit": 200, "test_limit": 60},
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
        "contrast": {"queue_size": 64},
        "train": {"epochs": 1, "batch_size": 32, "precision": "float32", "augment": {"flip": 0.0}},
        "evaluate": {"knn_k": 10, "corruptions": False, "floors": False},
        "arms": {"vanilla": None, "shifted": {"train": {"augment": {"name": "shifted", "most": 3}}}},
    } | changes
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    return folder / "suite.yaml"


def test_the_recipes_identity_has_the_keys_that_it_had_and_no_name():
    assert list(identity(TrainConfig().augment)) == [
        "crop_scale", "crop_ratio", "flip", "jitter_probability", "brightness", "contrast", "saturation", "hue",
        "grayscale", "blur", "solarize",
    ]  # fmt: skip
    assert TrainConfig.model_validate({"augment": {"flip": 0.0}}).augment == MocoRecipe(flip=0.0)
    assert TrainConfig.model_validate({"augment": "moco"}) == TrainConfig()


def test_an_arm_takes_another_augmentation_whole_or_changes_a_setting(folder):
    arms = {
        "vanilla": None,
        "shifted": {"train": {"augment": "shifted"}},
        "flipped": {"train": {"augment": {"flip": 0.5}}},
    }
    runs = {run.arm: run.train.augment for run in expand(load_suite(write(folder, arms=arms)))}
    assert runs["shifted"].settings() == {"most": 2}
    assert runs["flipped"] == MocoRecipe(flip=0.5)
    assert runs["vanilla"] == MocoRecipe(flip=0.0)


@pytest.mark.parametrize(
    ("augment", "said"),
    [
        ("shfited", "'shfited' is none of 'moco', 'shifted'|'shfited' is none of moco, shifted"),
        ({"name": "shifted", "least": 1}, "least: unknown key"),
        ({"crop_scale": [0.5, 0.2]}, r"train.augment.crop_scale: 0.5 is above 0.2; give \[smallest, largest\]"),
        ({"flip": 2}, "flip"),
    ],
)
def test_what_cannot_be_is_one_line(folder, augment, said):
    arms = {"vanilla": None, "other": {"train": {"augment": augment}}}
    with pytest.raises(InputError, match=said) as error:
        load_suite(write(folder, arms=arms))
    assert "\n" not in str(error.value)


def test_a_plug_ins_arm_runs_and_its_effects_are_paired_by_initialisation_and_order(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    suite = str(write(folder, seeds=2))
    assert main(["prepare", suite, "--dataset", "digits"]) == 0
    for run in expand(load_suite(suite)):
        assert main(["pretrain", suite, "--run", run.id]) == 0
        assert main(["evaluate", suite, "--run", run.id]) == 0
    assert main(["collect", suite, "--complete"]) == 0
    (folder / "shifted.py").rename(folder / "away.py")
    assert main(["analyse", "results/mine"]) == 0
    assert main(["report", "results/mine", "--out", "reports/mine"]) == 0
    with open("results/mine/effects.csv", newline="") as file:
        effects = [row for row in csv.DictReader(file) if row["metric"] == "knn_top1"]
    assert [(row["effect"], row["n_seeds"], row["paired"]) for row in effects] == [
        ("shifted-vanilla", "2", "initialisation")
    ]
    report = (folder / "reports/mine/report.md").read_text()
    assert "Moves all images of a batch by as many pixels" in report
    assert "not paired" not in report
    (folder / "away.py").rename(folder / "shifted.py")
    (folder / "shifted.py").write_text(SHIFTED + "# edited\n")
    capsys.readouterr()
    assert main(["plan", suite, "--json"]) == 0
    assert {row["arm"] for row in json.loads(capsys.readouterr().out) if row["would_run"]} == {"shifted"}


WRONG_SHAPE = ("dims=3)", "dims=3)[:1]", "`view` gave [1, 1, 8, 8]; one image for each")
WRITES = (
    "        return",
    "        images[:, :, 0] = 0\n        return",
    "`view` writes into the images that it is given",
)
WRONG_SCALE = ("dims=3)", "dims=3).float()", "; 0 to 1 would be right")
NOT_FINITE = ("dims=3)", "dims=3) / torch.zeros(())", "; 0 to 1 would be right")
WRONG_TYPE = ("dims=3)", "dims=3).long()", "`view` gave torch.int64; uint8, or floats")


@pytest.mark.parametrize(("old", "new", "said"), [WRONG_SHAPE, WRITES, WRONG_SCALE, NOT_FINITE, WRONG_TYPE])
def test_views_that_are_none_are_refused_in_one_line(folder, capsys, old, new, said):
    assert old in SHIFTED
    (folder / "shifted.py").write_text(SHIFTED.replace(old, new))
    suite = ["--results", str(folder / "results")]
    path = str(write(folder))
    assert main(["prepare", path, "--dataset", "digits", *suite]) == 0
    capsys.readouterr()
    assert main(["pretrain", path, "--run", "digits/resnet-compact/shifted/seed0", *suite]) == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert "augmentation shifted: `view` " in last
    assert said in last
