"""Images as a data set's class reads them, checked."""

from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image

from moco_bench.components.datasets import Arrays, Dataset
from moco_bench.data.sources import source_of
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig

TURNED_BY = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""EXIF orientation -> how a camera that was held so stores an upright picture."""


def test_photographs_are_upright_whatever_way_the_camera_was_held(tmp_path):
    upright = np.zeros((32, 32, 3), np.uint8)
    upright[:16] = 255  # sky above, ground below
    for split in ("train", "test"):
        for name in "ab":
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            Image.fromarray(upright).save(folder / "0.jpg", quality=95)
            for orientation, turn in TURNED_BY.items():
                tag = Image.Exif()
                tag[0x0112] = orientation
                Image.fromarray(upright).transpose(turn).save(folder / f"{orientation}.jpg", quality=95, exif=tag)

    images = source_of(DatasetConfig(name="image-folder", path=str(tmp_path)).source, 16).train().images

    assert len(images) == 8
    for image in images.float():
        assert image[:, :7].mean() > 200
        assert image[:, 9:].mean() < 50


class Given(Dataset):
    """What it is told to give."""

    name: Literal["given"] = "given"
    train: Any
    test: Any = None

    def load(self, split):
        return self.train if split == "train" else self.test


def arrays(count, classes=2, side=8):
    return np.zeros((count, side, side), np.uint8), np.arange(count) % classes


def test_arrays_are_read_split_by_split_and_named_by_their_numbers():
    source = source_of(Given(train=arrays(6), test=arrays(4)))
    assert source.classes == ("0", "1")
    assert (len(source.train()), len(source.test())) == (6, 4)
    assert source.train().images.shape == (6, 1, 8, 8)
    assert source.unlabelled is None


def test_images_of_several_sizes_are_made_equal_or_refused():
    images = [np.zeros((10, side, 3), np.uint8) for side in (10, 14)]
    given = Given(train=Arrays(images, np.array([0, 1])))
    assert source_of(given, 8).train().images.shape == (2, 3, 8, 8)
    with pytest.raises(InputError, match="`image_size` makes them equal"):
        source_of(given).train()


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (3, r"train split: `load` gave a int; \(images, labels\) would be right"),
        ((np.zeros((2, 8, 8), np.uint8), np.array([0, 0])), "at least two"),
        ((np.zeros((2, 8, 8), np.uint8), np.array([0, 2])), "must be numbered 0 to 1"),
    ],
)
def test_what_is_no_images_and_labels_is_refused(train, said):
    with pytest.raises(InputError, match=f"data set given.*{said}"):
        source_of(Given(train=train)).train()
