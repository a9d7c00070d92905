"""What `plan` says can't work here, before anything is loaded."""

import json

import pytest

from moco_bench.cli.main import main
from moco_bench.suite import obstacles

SUITE = """
name: tiny
dataset: {dataset}
encoder: {{name: resnet-compact, width: 8}}
contrast: {{queue_size: 64}}
train: {{batch_size: 64, epochs: 1, device: {device}}}
arms: {{vanilla: }}
"""


def warned(tmp_path, capsys, dataset, device="cpu"):
    (tmp_path / "suite.yaml").write_text(SUITE.format(dataset=dataset, device=device))
    assert main(["plan", str(tmp_path / "suite.yaml"), "--results", str(tmp_path / "results")]) == 0
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("dataset", "place"),
    [
        ("{name: npz, path: gone.npz}", "gone.npz"),
        ("{name: image-folder, path: gone, image_size: 16}", "gone/train"),
        ("{name: cifar10, root: gone}", "gone/cifar-10-batches-py"),
    ],
)
def test_images_that_are_not_there(tmp_path, capsys, dataset, place):
    assert f"{place} is not there" in warned(tmp_path, capsys, dataset)
    assert not (tmp_path / "results").exists()


def test_a_gpu_that_is_not_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(obstacles, "_has_gpu", lambda: False)
    assert "there is no NVIDIA GPU here" in warned(tmp_path, capsys, "digits", "cuda")
    monkeypatch.setattr(obstacles, "_has_gpu", lambda: True)
    assert "NVIDIA" not in warned(tmp_path, capsys, "digits", "cuda")


def test_a_batch_of_more_images_than_there_are(tmp_path, capsys):
    manifest = tmp_path / "results/tiny/data/npz.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"sha256": "a", "train_images": 40}))
    said = warned(tmp_path, capsys, f"{{name: npz, path: {tmp_path}}}")
    assert "train.batch_size 64 is more than the 40 training images of npz; at most 40" in said
