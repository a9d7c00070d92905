import json

import pytest
from PIL import Image

from moco_bench.cli.main import main
from moco_bench.data import described
from moco_bench.data.described import data_warnings
from moco_bench.suite.suite import Suite


def suite(path, **more) -> Suite:
    return Suite.model_validate(
        {
            "name": "own",
            "dataset": {"name": "image-folder", "path": str(path), "image_size": 16, "label": "own", **more},
            "encoder": "resnet-compact",
            "contrast": {"queue_size": 4},
            "train": {"batch_size": 2},
            "evaluate": {"knn_k": 1},
            "arms": {"vanilla": {}},
        }
    )


@pytest.fixture
def images(tmp_path):
    for split in ("train", "test"):
        for name in "ab":
            (tmp_path / "images" / split / name).mkdir(parents=True)
            for index in range(3):
                Image.new("RGB", (16, 16)).save(tmp_path / "images" / split / name / f"{index}.png")
    return tmp_path / "images"


def test_a_set_that_memory_cannot_hold_is_told_from_the_files_alone(images, tmp_path, monkeypatch):
    size = 12 * 3 * 16 * 16
    monkeypatch.setattr(described, "usable_memory", lambda: size)
    assert list(data_warnings(suite(images), tmp_path)) == []
    monkeypatch.setattr(described, "usable_memory", lambda: size - 1)
    for more in ({}, {"validation": 0.2}):
        assert "read from disk in every epoch" in next(data_warnings(suite(images, **more), tmp_path))


def test_a_set_that_the_disk_cannot_hold_is_told_until_it_is_there(images, tmp_path, monkeypatch):
    monkeypatch.setenv("MOCO_BENCH_CACHE", str(tmp_path / "not" / "yet"))
    size = 12 * 3 * 16 * 16
    monkeypatch.setattr(described, "_room", lambda folder: size - 1)
    assert "MOCO_BENCH_CACHE" in next(data_warnings(suite(images), tmp_path))
    monkeypatch.undo()
    assert described._room(tmp_path / "not" / "yet") > 0
    manifest = tmp_path / "own" / "data" / "own.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"sha256": "0", "train_images": 10, "evaluation_images": 2}))
    monkeypatch.setattr(described, "_room", lambda folder: 0)
    assert list(data_warnings(suite(images), tmp_path)) == []


def test_a_manifest_tells_its_warnings_and_sizes(tmp_path, monkeypatch):
    manifest = tmp_path / "own" / "data" / "own.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"warnings": ["odd"], "train_images": 10, "evaluation_images": 2}))
    monkeypatch.setattr(described, "usable_memory", lambda: 10 * 3 * 16 * 16)
    found = list(data_warnings(suite("nowhere"), tmp_path))
    assert found[0] == "data set own: odd"
    assert "more than the" in found[1]


@pytest.mark.parametrize("content", ["", "[]", '{"warnings": 3, "train_images": "x"}'])
def test_a_damaged_manifest_or_a_missing_folder_says_nothing(tmp_path, content):
    manifest = tmp_path / "own" / "data" / "own.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(content)
    assert list(data_warnings(suite("nowhere"), tmp_path)) == []


def test_plan_shows_what_prepare_found(images, tmp_path, capsys):
    (images / "train" / "a" / "x.heic").touch()
    path = tmp_path / "own.yaml"
    values = suite(images).model_dump(mode="json", exclude_unset=True)
    path.write_text(json.dumps({**values, "contrast": {"queue_size": 512}}))
    where = ["--results", str(tmp_path / "results")]
    assert main(["prepare", str(path), "--dataset", "own", *where]) == 0
    capsys.readouterr()
    assert main(["plan", str(path), *where]) == 0
    assert "warning: data set own: passed over, not read: 1 ending in .heic" in capsys.readouterr().err


def test_plan_warns_of_the_settings_that_the_suite_has_now(images, tmp_path, capsys):
    path, where = tmp_path / "own.yaml", ["--results", str(tmp_path / "results")]
    values = suite(images, image_size=8).model_dump(mode="json", exclude_unset=True)

    def warned(queue: int) -> bool:
        path.write_text(json.dumps({**values, "contrast": {"queue_size": queue}}))
        assert main(["plan", str(path), *where]) == 0
        return "ever enter it" in capsys.readouterr().err

    assert not warned(4096), "nothing is known of the images"
    assert main(["prepare", str(path), "--dataset", "own", *where]) == 0
    assert "ever enter it" in capsys.readouterr().err
    assert not warned(2)
    assert warned(4096)
