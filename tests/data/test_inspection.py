import numpy as np
import pytest
import torch

from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.data.inspection import describe, majority
from moco_bench.data.origin import Origin, Remark
from moco_bench.data.splits import Split
from moco_bench.suite.config import DatasetConfig


def split(labels, seed=0, side=8):
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 3, side, side)).astype(np.uint8)
    return Split(torch.from_numpy(images), torch.tensor(labels))


def dataset(train, test, classes=("a", "b", "c")):
    return DataSet("own", classes, train, test, "test", (0.5,) * 3, (0.2,) * 3, "")


@pytest.fixture
def even():
    return dataset(split([0, 1, 2] * 10), split([0, 1, 2] * 4, seed=1))


def test_nothing_is_odd_about_an_even_set(even):
    said = describe(even)
    assert said["warnings"] == []
    assert said["images_by_class"] == {"train": [10, 10, 10], "evaluation": [4, 4, 4]}
    assert said["read_sides"]["train"] == {"smallest": [8, 8], "largest": [8, 8]}
    assert said["range"]["train"] == [0, 255]


@pytest.mark.parametrize("name", ["digits", "fashion-mnist-5k", "fashion-scenes-5k"])
def test_shipped_sets_have_nothing_to_warn_of_but_what_is_true(name):
    warnings = describe(load_dataset(DatasetConfig(name=name)))["warnings"]
    assert not [warning for warning in warnings if "even colour" in warning or "classes" in warning]


def test_evaluation_images_among_the_training_images_are_counted(even):
    images = even.evaluation.images.clone()
    images[:5] = even.train.images[:5]
    said = describe(dataset(even.train, Split(images, even.train.labels[:12])))
    assert said["repeats"] == {"within_train": 0, "evaluation_in_train": 5, "labelled_differently": 0}
    assert "5 of 12 test images are training images" in said["warnings"][0]


def test_an_image_that_stands_under_two_classes_is_told(even):
    images = even.train.images.clone()
    images[1], images[6] = images[0], images[0]
    said = describe(dataset(Split(images, even.train.labels), even.evaluation))
    assert said["repeats"]["within_train"] == 2
    assert "1 of the images equal one of another class" in said["warnings"]


def test_classes_of_unequal_size_come_with_the_level_of_the_largest(even):
    uneven = dataset(even.train, split([0] * 18 + [1, 2], seed=2))
    assert majority(uneven) == ("a", 90.0)
    said = describe(uneven)
    assert said["largest_class"] == {"name": "a", "percent_of_evaluation": 90.0}
    assert any("always saying the largest class (a) is right for 90.0 %" in warning for warning in said["warnings"])


def test_unequal_training_classes_are_told_too(even):
    said = describe(dataset(split([0] * 20 + [1, 2] * 5), even.evaluation))
    assert said["warnings"] == ["classes are of unequal size: 5 to 20 training images"]


def test_a_class_that_is_missing_in_the_test_split_is_named(even):
    said = describe(dataset(even.train, split([0, 1] * 6, seed=3)))
    assert said["warnings"] == ["1 of 3 classes have no test image: c"]


@pytest.mark.parametrize(("levels", "match"), [(2, "only 2 levels"), (8, "only 8 levels, from 0 to 7")])
def test_values_that_were_meant_to_be_scaled_are_told(even, levels, match):
    dim = Split(even.train.images % levels, even.train.labels)
    assert match in " ".join(describe(dataset(dim, even.evaluation))["warnings"])


def test_bits_of_black_and_white_are_told_to_have_two_levels(even):
    bits = Split(even.train.images // 128 * 255, even.train.labels)
    assert "only 2 levels, from 0 to 255" in describe(dataset(bits, even.evaluation))["warnings"][0]


def test_images_that_show_nothing_are_counted(even):
    images = even.train.images.clone()
    images[3:7] = 40
    images[7] = torch.randint(0, 2, (3, 8, 8))
    said = describe(dataset(Split(images, even.train.labels), even.evaluation))
    assert said["flat_images"] == {"train": 5, "evaluation": 0}
    assert "5 of 30 training images are of one even colour" in said["warnings"]


def test_what_is_known_of_files_is_told_once_for_both_parts_of_a_split(even):
    hidden, other = Remark("hidden", 3, "train/.x"), Remark("ending in .heic", 2, "train/a/1.heic")
    origin = Origin((hidden, other), (Remark("turned upright", 4, "train/a/0.jpg"),), ((10, 12), (30, 40)))
    train, evaluation = (Split(part.images, part.labels, origin) for part in (even.train, even.evaluation))
    said = describe(dataset(train, evaluation))
    assert [remark["count"] for remark in said["passed_over"]] == [3, 2]
    assert said["read_sides"]["evaluation"] == {"smallest": [10, 12], "largest": [30, 40]}
    assert len(said["warnings"]) == 2
    assert "2 ending in .heic" in said["warnings"][0]
