"""What `prepare` prints and records of a user's own images."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moco_bench.cli.main import main
from moco_bench.files import SEAL

SUITE = """name: own
dataset: {{name: {name}, path: {path}, label: own{more}}}
encoder: {{name: resnet-compact, width: 8, dimension: 16}}
contrast: {{queue_size: {queue}}}
train: {{epochs: 1, batch_size: 16}}
evaluate: {{knn_k: 5, corruptions: false}}
seeds: 1
arms:
  vanilla:
  dual:
    contrast: {{dual_view: key-in-batch}}
"""


def prepare(tmp_path: Path, capsys, name: str, path: Path, queue: int = 16, more: str = ""):
    """The exit code, what was printed to a reader, and the manifest."""
    suite = tmp_path / "own.yaml"
    suite.write_text(SUITE.format(name=name, path=json.dumps(str(path)), queue=queue, more=more))
    code = main(["prepare", str(suite), "--dataset", "own", "--results", str(tmp_path / "results")])
    manifest = tmp_path / "results" / "own" / "data" / "own.json"
    return code, capsys.readouterr().err, json.loads(manifest.read_text()) if manifest.exists() else None


@pytest.fixture
def images(tmp_path) -> Path:
    random = np.random.default_rng(0)
    for split, count in (("train", 20), ("test", 6)):
        for name in "ab":
            folder = tmp_path / "images" / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                Image.fromarray(random.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return tmp_path / "images"


def test_an_even_folder_is_described_without_a_warning(tmp_path, images, capsys):
    code, said, manifest = prepare(tmp_path, capsys, "image-folder", images, more=", image_size: 16")
    assert code == 0
    assert "training: 40 images in 2 classes (20 each), 20x30 pixels in the files; as used, levels " in said
    assert "test: 12 images in 2 classes (6 each)" in said
    assert "warning" not in said
    assert manifest["warnings"] == []
    assert manifest["images_by_class"] == {"train": [20, 20], "evaluation": [6, 6]}
    assert len(manifest["sha256"]) == 64


def test_an_edited_manifest_is_written_again(tmp_path, images, capsys):
    _, _, manifest = prepare(tmp_path, capsys, "image-folder", images, more=", image_size: 16")
    path = tmp_path / "results/own/data/own.json"
    plan = ["plan", str(tmp_path / "own.yaml"), "--results", str(tmp_path / "results")]

    def planned() -> str:
        assert main(plan) == 0
        return capsys.readouterr().out

    assert "prepare own" not in planned()
    path.write_text(json.dumps({**manifest, "train_images": 999}))
    assert "its manifest was changed after prepare" in planned()
    without_seal = {key: value for key, value in manifest.items() if key != SEAL}
    path.write_text(json.dumps(without_seal))
    assert "prepare own" not in planned(), "as older versions wrote it"
    path.write_text(json.dumps({**manifest, "warnings": ["none"]}))
    assert prepare(tmp_path, capsys, "image-folder", images, more=", image_size: 16")[2] == manifest
    assert "prepare own" not in planned()


def test_files_passed_over_are_printed_and_recorded(tmp_path, images, capsys):
    (images / "train/a/x.heic").touch()
    (images / "val").mkdir()
    _, said, manifest = prepare(tmp_path, capsys, "image-folder", images, more=", image_size: 16")
    assert "passed over: 1 ending in .heic (the first is train/a/x.heic)" in said
    assert "warning: own: passed over, not read: 1 beside train/ and test/ (the first is val)" in said
    assert {remark["what"] for remark in manifest["passed_over"]} == {"ending in .heic", "beside train/ and test/"}
    assert len(manifest["warnings"]) == 2


def test_arrays_that_are_not_read_and_classes_of_unequal_size(tmp_path, capsys):
    random = np.random.default_rng(0)
    labels, test = np.array([0] * 30 + [1] * 10), np.array([0] * 19 + [1])
    draw = [random.integers(0, 256, (count, 8, 8), dtype=np.uint8) for count in (40, 20, 5)]
    np.savez(tmp_path / "d.npz", x_train=draw[0], y_train=labels, x_test=draw[1], y_test=test, x_val=draw[2])
    _, said, manifest = prepare(tmp_path, capsys, "npz", tmp_path / "d.npz", queue=64)
    assert "passed over: 1 array of another name (the first is x_val)" in said
    assert "(0 30, 1 10)" in said
    assert "always saying the largest class (0) is right for 95.0 %" in said
    assert "only 32 ever enter it" in said
    assert not any("ever enter" in warning for warning in manifest["warnings"]), "the manifest is about the images"
    assert manifest["largest_class"] == {"name": "0", "percent_of_evaluation": 95.0}


def test_all_broken_files_of_both_splits_are_named_and_nothing_is_written(tmp_path, images, capsys):
    for name in ("train/a/1.png", "train/b/19.png", "test/b/0.png"):
        (images / name).write_text("no image")
    code, said, manifest = prepare(tmp_path, capsys, "image-folder", images, more=", image_size: 16")
    assert code == 2
    assert said.count("\n") == 1
    assert all(name in said for name in ("train/a/1.png", "train/b/19.png", "test/b/0.png"))
    assert manifest is None


def test_prepare_refuses_what_the_images_cannot_be_asked(tmp_path, capsys):
    import numpy as np

    images = np.zeros((2, 8, 8), np.uint8)
    np.savez(tmp_path / "two.npz", x_train=images, y_train=np.arange(2), x_test=images, y_test=np.arange(2))
    suite = tmp_path / "two.yaml"
    suite.write_text(
        f"name: two\ndataset: {{name: npz, path: {tmp_path / 'two.npz'}}}\nencoder: resnet-compact\n"
        "contrast: {queue_size: 2}\ntrain: {batch_size: 2, epochs: 1}\nevaluate: {knn_k: 1}\narms: {vanilla: }\n"
    )

    assert main(["prepare", str(suite), "--dataset", "npz", "--results", str(tmp_path / "results")]) == 2

    assert "no class has two training images" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
