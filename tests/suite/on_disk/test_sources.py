import os

import numpy as np
import pytest

from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.on_disk.sources import absent, describe_sources, have_changed, request_of


@pytest.fixture
def dataset(tmp_path):
    for name in ("train/a/1.png", "train/b/1.png", "test/a/1.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(name.encode())
    return DatasetConfig(name="image-folder", path=str(tmp_path), image_size=8)


def test_touched_and_copied_files_are_the_same_images(dataset, tmp_path):
    source = describe_sources(dataset)
    os.utime(tmp_path / "train/a/1.png", (0, 0))

    assert not have_changed(dataset, source)


@pytest.mark.parametrize("change", ["edited", "added", "removed", "renamed"])
def test_other_files_are_other_images(dataset, tmp_path, change):
    source = describe_sources(dataset)
    file = tmp_path / "train/a/1.png"
    if change == "edited":
        file.write_bytes(file.read_bytes()[::-1])
        os.utime(file, (0, 0))
    elif change == "added":
        file.with_name("2.png").touch()
    elif change == "removed":
        file.unlink()
    else:
        file.rename(file.with_name("2.png"))

    assert have_changed(dataset, source)


def test_hidden_files_don_t_count(dataset, tmp_path):
    source = describe_sources(dataset)
    (tmp_path / "train/.cache").mkdir()
    for name in ("train/.cache/1.png", "train/a/.hidden.png"):
        (tmp_path / name).touch()

    assert not have_changed(dataset, source)


def test_another_size_is_another_request_of_the_same_files(dataset):
    larger = dataset.model_copy(update={"image_size": 16})

    assert request_of(larger) != request_of(dataset)
    assert describe_sources(larger)["content"] == describe_sources(dataset)["content"]


def test_files_that_are_not_there_have_not_changed_and_are_named(tmp_path):
    dataset = DatasetConfig(name="npz", path=str(tmp_path / "own.npz"))
    np.savez(tmp_path / "own.npz", a=np.zeros(1))
    source = describe_sources(dataset)
    assert absent(dataset) == ""
    (tmp_path / "own.npz").unlink()

    assert not have_changed(dataset, source)
    assert absent(dataset) == str(tmp_path / "own.npz")
