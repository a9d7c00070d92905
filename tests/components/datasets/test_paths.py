import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moco_bench.components.datasets.paths import user_path
from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig

ODD_NAMES = [
    "with space",
    "{braces}",
    "{{two}}",
    "$HOME",
    "100%",
    "a;b",
    "it's",
    "[ab]*?",
    "~not-home",
    "über",
    "-x",
    "#",
]


def arrays():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (24, 8, 8), dtype=np.uint8)
    return {"x_train": images[:16], "y_train": np.arange(16) % 2, "x_test": images[16:], "y_test": np.arange(8) % 2}


def test_a_tilde_is_the_home_folder_wherever_a_path_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/sets", "root") == tmp_path / "sets"
    np.savez(tmp_path / "own.npz", **arrays())
    assert len(load_dataset(DatasetConfig(name="npz", path="~/own.npz")).train) == 16
    for part in ("train", "test"):
        for name in "ab":
            folder = tmp_path / "images" / part / name
            folder.mkdir(parents=True)
            Image.new("RGB", (9, 9), (name == "a" and "red") or "blue").save(folder / "0.png")
    assert len(load_dataset(DatasetConfig(name="image-folder", path="~/images", image_size=8)).train) == 2
    with pytest.raises(InputError, match=str(tmp_path / "sets")):
        load_dataset(DatasetConfig(name="cifar10", root="~/sets"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_other_character_is_itself(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = Path(name)
    folder.mkdir()
    np.savez(folder / f"{name}.npz", **arrays())
    assert len(load_dataset(DatasetConfig(name="npz", path=f"./{folder}/{name}.npz")).train) == 16


def test_a_home_that_is_not_known_is_one_line():
    with pytest.raises(InputError, match="home folder that isn't known"):
        user_path("~nobody-of-this-name/sets", "root")


@pytest.mark.parametrize("name", ["npz", "image-folder", "cifar10", "fashion-mnist"])
def test_a_nul_is_refused_everywhere(name):
    given = {"root": "a\0b"} if "mnist" in name or "cifar" in name else {"path": "a\0b"}
    with pytest.raises(InputError, match="NUL") as refused:
        load_dataset(DatasetConfig(name=name, image_size=8, **given))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["/dev/zero", "/dev/stdin", "pipe", "folder", "link to /dev/zero"])
def test_what_may_never_end_is_not_opened(tmp_path, kind):
    path = tmp_path / "own.npz"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to /dev/zero":
        path.symlink_to("/dev/zero")
    else:
        path = Path(kind)
    with pytest.raises(InputError, match=r"must name an npz file|no such file|not an npz") as refused:
        load_dataset(DatasetConfig(name="npz", path=str(path)))
    assert "\n" not in str(refused.value)


def test_a_pipe_in_the_place_of_a_torchvision_file_is_not_opened(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    os.mkfifo(tmp_path / "cifar-10-batches-py" / "batches.meta")
    with pytest.raises(InputError, match="device, pipe or socket"):
        load_dataset(DatasetConfig(name="cifar10", root=str(tmp_path)))
