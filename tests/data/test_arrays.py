"""Images and labels of a file are checked, and become a split."""

import numpy as np
import pytest
import torch

from moco_bench.data.arrays import class_count_of, split_of
from moco_bench.errors import InputError

LABELS = np.array([0, 1])


@pytest.mark.parametrize("layout", ["NHW", "NHWC", "NCHW"])
@pytest.mark.parametrize("channels", [1, 3])
def test_channels_come_first_whatever_the_layout(layout, channels):
    first = np.random.default_rng(0).integers(0, 256, (2, 1 if layout == "NHW" else channels, 8, 9), dtype=np.uint8)
    given = {"NHW": first[:, 0], "NHWC": first.transpose(0, 2, 3, 1), "NCHW": first}[layout]
    assert np.array_equal(split_of(given, LABELS, 2, "here").images.numpy(), first)


def test_labels_in_a_column_become_int64():
    split = split_of(np.zeros((2, 8, 8), np.uint8), LABELS.astype(np.uint8)[:, None], 2, "here")
    assert torch.equal(split.labels, torch.tensor([0, 1]))


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (np.zeros((2, 8, 8)), LABELS, "uint8"),
        (np.zeros((2, 8), np.uint8), LABELS, "have shape"),
        (np.zeros((2, 8, 8, 2), np.uint8), LABELS, "one or three channels"),
        (np.zeros((2, 7, 8), np.uint8), LABELS, "at least 8x8"),
        (np.zeros((3, 8, 8), np.uint8), LABELS, "3 images but 2 labels"),
        (np.zeros((0, 8, 8), np.uint8), LABELS[:0], "no images"),
        (np.zeros((2, 8, 8), np.uint8), LABELS + 1, "labels reach from 1 to 2"),
        (np.zeros((2, 8, 8), np.uint8), LABELS / 2, "integers of shape"),
    ],
)
def test_anything_else_is_refused_with_its_place(images, labels, said):
    with pytest.raises(InputError, match=f"^here: .*{said}"):
        split_of(images, labels, 2, "here")


def test_classes_are_counted_where_none_is_left_out():
    assert class_count_of(np.array([2, 0, 1, 0]), "here") == 3
    for labels in ([0, 0], [0, 2], [1, 2], []):
        with pytest.raises(InputError, match=r"^here: "):
            class_count_of(np.array(labels, dtype=np.int64), "here")
