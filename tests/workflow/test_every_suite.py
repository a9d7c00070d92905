"""Every suite that ships runs from images to report, at reduced size: all arms, all data sets; ResNet-18 in one."""

import copy
import csv
import functools
from pathlib import Path
from typing import Any

import pytest
import yaml

from moco_bench.cli.main import main
from moco_bench.data import datasets
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand

SUITES = sorted((Path(__file__).parents[2] / "config").glob("*.yaml"))
DRAWN = ("quickstart", "literature")
RESNET18 = "cifar10"
"""The suite that keeps its ResNet-18, which takes seconds to be written and hashed, whatever its images."""
BATCH = 32
KEYS_PER_KEY = 64
"""How many keys of a suite's queue become one: queues of different sizes stay different."""


def shrunk(values: dict[str, Any], data_folder: Path, *, corruptions: bool) -> dict[str, Any]:
    """A suite with the same arms on a few small images: one epoch, one seed.

    Real CIFAR where it is in `data_folder`; where it isn't, images that ship with the package, which are of another
    size and number of channels but of as many classes or fewer.
    """
    small = copy.deepcopy(values)
    small["dataset"] = _few_images(values["dataset"], data_folder)
    small["encoder"] = small.pop("encoders", [small.get("encoder")])[0]
    if values["name"] == RESNET18:
        small.pop("repeat_seeds", None)
    else:
        small["encoder"] = {"name": "resnet-compact", "width": 8, "head": small["encoder"].get("head", "mlp")}
    small["seeds"] = 1
    small["train"] |= {"epochs": 1, "batch_size": BATCH, "threads": 1}
    small["evaluate"] = values.get("evaluate", {}) | {
        "knn_k": 5,
        "probe": {"c_values": [1.0]},
        "corruptions": corruptions,
    }
    small.pop("budgets", None)  # one epoch can't become less: tests/workflow/test_budgets.py does it
    small.pop("profile", None)  # measuring a step needs no small run: tests/profile does it
    for key, candidates in small.get("tune", {}).items():
        small["tune"][key] = candidates[:2]
    for contrast in [small["contrast"], *(arm.get("contrast", {}) for arm in small["arms"].values() if arm)]:
        _shrink_queue(contrast)
    return small


def _few_images(dataset: str | dict[str, Any], data_folder: Path) -> dict[str, Any]:
    name = dataset if isinstance(dataset, str) else dataset["name"]
    classes = 100 if name == "cifar100" else 10
    few = {"label": f"few-{name}", "train_limit": max(2 * BATCH, 2 * classes), "test_limit": classes, "image_size": 8}
    if name == "cifar10" and (data_folder / "cifar-10-batches-py").is_dir():
        return {"name": name, "root": str(data_folder), **few}
    if name == "cifar100" and (data_folder / "cifar100-12k.npz").is_file():
        return {"name": "npz", "path": str(data_folder / "cifar100-12k.npz"), **few}
    return {"name": "digits" if name == "digits" else "fashion-mnist-5k", **few}


def _shrink_queue(contrast: dict[str, Any]) -> None:
    if "queue_size" in contrast:
        contrast["queue_size"] = max(BATCH, contrast["queue_size"] // KEYS_PER_KEY)
    if contrast.get("filter_warmup_steps"):
        contrast["filter_warmup_steps"] = 1
    if "minimum" in contrast.get("negatives", {}):
        contrast["negatives"]["minimum"] = 1


@pytest.fixture(scope="module")
def read_once():
    """The data sets of all these suites are few: each is read and checked once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load_dataset", functools.cache(datasets.load_dataset))
        yield


@pytest.fixture
def drawn_or_computed(request, monkeypatch):
    """Most of a report's time goes into drawing: two suites' figures are drawn, the others' are computed alone."""
    path = request.getfixturevalue("path")
    if path.stem not in DRAWN:
        monkeypatch.setattr("moco_bench.report.render.figures.as_svg", lambda plot: "<svg viewBox='0 0 1 1'></svg>")
        monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: b"")
    return path.stem in DRAWN


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_a_suite_runs_from_images_to_report(path, drawn_or_computed, data_folder, tmp_path, capsys):
    values = shrunk(yaml.safe_load(path.read_text()), data_folder, corruptions=drawn_or_computed)
    file = tmp_path / "suite.yaml"
    file.write_text(yaml.safe_dump(values, sort_keys=False))
    suite, results = load_suite(file), tmp_path / "results"
    where = [str(file), "--results", str(results)]

    def succeed(command, *arguments):
        assert main([command, *arguments]) == 0, capsys.readouterr()

    for dataset in suite.datasets:
        succeed("prepare", *where, "--dataset", dataset.title)
        succeed("evaluate", *where, "--floors", dataset.title)
    if suite.budgets != ("epochs",):
        succeed("profile", *where, "--costs")
    if suite.tune:
        succeed("tune", *where)
    for run in expand(suite):
        succeed("pretrain", *where, "--run", run.id)
        succeed("evaluate", *where, "--run", run.id)
    succeed("collect", *where)
    succeed("analyse", str(results / suite.name))
    succeed("report", str(results / suite.name), "--out", str(tmp_path / "report"))

    with open(results / suite.name / "runs.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["arm"] for row in rows} == set(yaml.safe_load(path.read_text())["arms"])
    assert [row["status"] for row in rows] == ["done"] * len(expand(suite))
    assert (tmp_path / "report" / "report.html").stat().st_size > (100_000 if drawn_or_computed else 50_000)
    drawn = {figure.stem for figure in (tmp_path / "report" / "figures").glob("*.svg")}
    with_key_term = {run.contrast.dual_view for run in expand(suite)} - {"none", "symmetric"}
    assert "similarities" in drawn
    assert ("gradient_share" in drawn) == bool(with_key_term)
