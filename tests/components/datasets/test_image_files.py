import os

import pytest
from PIL import Image

from moco_bench.components.datasets.image_files import beside_the_splits, class_names, list_images
from moco_bench.data.origin import remarks
from moco_bench.errors import InputError


@pytest.fixture
def split(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "train" / name / "0.png")
    return tmp_path / "train"


def passed_over(split):
    return {remark.what: (remark.count, remark.first) for remark in remarks(list_images(split, ("a", "b")).passed_over)}


def test_folders_within_a_class_are_read_too(split):
    (split / "a" / "2" / "deeper").mkdir(parents=True)
    for name in ("a/2/x.JPG", "a/2/deeper/y.tiff", "a/1.gif", "b/z.jfif"):
        (split / name).touch()
    listing = list_images(split, ("a", "b"))
    names = [file.relative_to(split).as_posix() for file in listing.files]
    assert names == ["a/0.png", "a/1.gif", "a/2/deeper/y.tiff", "a/2/x.JPG", "b/0.png", "b/z.jfif"]
    assert listing.labels == [0, 0, 0, 0, 1, 1]
    assert not listing.passed_over


def test_what_is_not_read_is_told_by_reason_with_the_first(split):
    for name in ("a/1.heic", "a/2.heic", "b/README", "b/labels.csv", "a/.DS_Store", "loose.png"):
        (split / name).touch()
    (split / ".cache").mkdir()
    os.mkfifo(split / "b" / "pipe.png")
    (split / "b" / "gone.png").symlink_to(split / "nowhere.png")
    assert passed_over(split) == {
        "ending in .heic": (2, "train/a/1.heic"),
        "ending in .csv": (1, "train/b/labels.csv"),
        "without an ending": (1, "train/b/README"),
        "hidden": (2, "train/.cache"),
        "in no class's folder": (1, "train/loose.png"),
        "neither a file nor a folder": (1, "train/b/pipe.png"),
        "a link to nowhere": (1, "train/b/gone.png"),
    }


def test_a_link_in_a_circle_ends(split):
    (split / "a" / "again").symlink_to(split / "a", target_is_directory=True)
    assert passed_over(split) == {"a link to a folder around it": (1, "train/a/again")}


def test_a_link_to_a_folder_elsewhere_is_a_folder(split, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.png").touch()
    (split / "c").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert class_names(split) == ("a", "b", "c")
    assert len(list_images(split, ("a", "b", "c")).files) == 3


def test_a_third_split_is_told(split, tmp_path):
    (tmp_path / "val" / "a").mkdir(parents=True)
    (tmp_path / "test").mkdir()
    assert [name for _, name in beside_the_splits(tmp_path)] == ["val"]


def test_a_class_without_images_names_the_endings(split):
    (split / "b" / "0.png").rename(split / "b" / "0.heic")
    with pytest.raises(InputError, match=r"train/b: no images; files ending in \.png"):
        list_images(split, ("a", "b"))
