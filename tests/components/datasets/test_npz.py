import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig


def arrays(**changes):
    """Twelve training and six test images of three classes; `None` leaves an array out."""
    random = np.random.default_rng(0)
    content = {
        "x_train": random.integers(0, 256, (12, 10, 10, 3), dtype=np.uint8),
        "y_train": np.arange(12) % 3,
        "x_test": random.integers(0, 256, (6, 10, 10, 3), dtype=np.uint8),
        "y_test": np.arange(6) % 3,
    }
    return {key: value for key, value in {**content, **changes}.items() if value is not None}


@pytest.fixture
def load(tmp_path):
    """Save arrays and load them as a data set."""

    def save_and_load(content, **more):
        path = tmp_path / "own.npz"
        np.savez(path, **content)
        return load_dataset(DatasetConfig(name="npz", path=str(path), **more))

    return save_and_load


def refused(load, content, **more):
    """The message with which `content` is refused: one line that names the file."""
    with pytest.raises(InputError) as caught:
        load(content, **more)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_channels_may_be_first_last_or_absent(load):
    content = arrays()
    last = load(content)
    first = load({key: a.transpose(0, 3, 1, 2) if key[0] == "x" else a for key, a in content.items()})
    assert last.train.images.shape == (12, 3, 10, 10)
    assert torch.equal(last.train.images, first.train.images)
    assert last.sha256 == first.sha256
    assert np.array_equal(last.train.images[5, 1].numpy(), content["x_train"][5, :, :, 1])
    gray = {key: a[..., 0] if key[0] == "x" else a for key, a in content.items()}
    assert torch.equal(load(gray).train.images[:, 0], last.train.images[:, 0])
    single = {key: a[..., None] if key[0] == "x" else a for key, a in gray.items()}
    assert load(single).train.images.shape == (12, 1, 10, 10)


def test_classes_have_names_or_numbers(load):
    assert load(arrays()).classes == ("0", "1", "2")
    assert load(arrays(classes=np.array(["ant", "bee", "<b>"]))).classes == ("ant", "bee", "<b>")


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.uint64])
def test_labels_of_every_integer_type_are_read(load, kind):
    dataset = load(arrays(y_train=(np.arange(12) % 3).astype(kind)))
    assert dataset.train.labels.dtype == torch.int64
    assert dataset.train.labels.tolist() == [0, 1, 2] * 4


WRONG = {
    "floats": ({"x_train": np.zeros((12, 10, 10, 3))}, "images have dtype float64; uint8"),
    "booleans": ({"x_train": np.zeros((12, 10, 10, 3), bool)}, "images have dtype bool; uint8"),
    "two axes": ({"x_train": np.zeros((12, 100), np.uint8)}, r"shape \(12, 100\); \[N, H, W\]"),
    "four channels": ({"x_train": np.zeros((12, 10, 10, 4), np.uint8)}, "one or three channels"),
    "tiny images": ({"x_train": np.zeros((12, 10, 4, 3), np.uint8)}, "10x4 pixels; at least 8x8"),
    "one label less": ({"y_train": np.arange(11) % 3}, "12 images but 11 labels"),
    "labels in columns": ({"y_train": np.zeros((12, 2), int)}, r"labels have shape \(12, 2\)"),
    "labels as floats": ({"y_train": np.arange(12) % 3 * 1.0}, "dtype float64; integers"),
    "one class": ({"y_train": np.zeros(12, int)}, "accuracy needs at least two"),
    "a gap": ({"y_train": np.arange(12) % 3 * 2}, "numbered 0 to 2, found 0, 2, 4"),
    "from one": ({"y_train": np.arange(12) % 3 + 1}, "numbered 0 to 2, found 1, 2, 3"),
    "negative": ({"y_train": np.arange(12) % 3 - 1}, "numbered 0 to 2, found -1, 0, 1"),
    "huge labels": ({"y_train": np.arange(12) * 10**15}, "numbered 0 to 11, found 0"),
    "an unknown test class": ({"y_test": np.array([0, 1, 2, 3, 0, 1])}, "labels reach from 0 to 3, outside 0 to 2"),
    "empty training": (
        {"x_train": np.zeros((0, 10, 10, 3), np.uint8), "y_train": np.zeros(0, int)},
        r"0 class\(es\)",
    ),
    "empty test": ({"x_test": np.zeros((0, 10, 10, 3), np.uint8), "y_test": np.zeros(0, int)}, "test split: no images"),
    "no test images": ({"x_test": None}, "no array x_test; an npz data set has x_train, y_train, x_test, y_test"),
    "names as numbers": ({"classes": np.arange(3)}, "classes has shape .* a list of strings"),
    "too few names": ({"classes": np.array(["a", "b"])}, "2 names of classes, but the labels have 3 classes"),
    "oblong": (
        {"x_train": np.zeros((12, 10, 12, 3), np.uint8)},
        "3x10x12 .* not square; give `image_size`",
    ),
    "two sizes": ({"x_test": np.zeros((6, 12, 12, 3), np.uint8)}, "training images are 3x10x10, test images 3x12x12"),
    "gray test images": ({"x_test": np.zeros((6, 10, 10), np.uint8)}, "test images 1x10x10"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(load, name):
    changes, message = WRONG[name]
    with pytest.raises(InputError, match=message):
        load(arrays(**changes))
    assert refused(load, arrays(**changes))


def test_images_of_any_shape_are_resized_on_request(load):
    content = arrays(x_train=np.full((12, 40, 20, 3), 7, np.uint8), x_test=np.full((6, 9, 30, 3), 9, np.uint8))
    dataset = load(content, image_size=16)
    assert torch.equal(dataset.train.images, torch.full((12, 3, 16, 16), 7, dtype=torch.uint8))
    assert torch.equal(dataset.evaluation.images, torch.full((6, 3, 16, 16), 9, dtype=torch.uint8))


class Harm:
    """Unpickling this writes a file: what a harmful pickle would do, without harm."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.write_text, (self.marker, "run")


@pytest.mark.parametrize("key", ["x_train", "y_train", "y_test", "classes"])
def test_pickled_objects_are_refused_and_never_run(load, tmp_path, key):
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(Harm(marker)))
    assert marker.exists(), "the payload itself doesn't work, so the test would prove nothing"
    marker.unlink()
    message = refused(load, arrays(**{key: np.array([Harm(marker)] * 12, dtype=object)}))
    assert f"{key} holds pickled Python objects" in message
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an npz file, or damaged"),
        (b"\x80\x04K\x01.", "not an npz file, or damaged"),
        (b"\x93NUMPY\x01\x00" + bytes(100), "not an npz file, or damaged"),
        (None, "no such file"),
    ],
)
def test_what_isnt_an_npz_is_refused(tmp_path, content, message):
    path = tmp_path / "own.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_dataset(DatasetConfig(name="npz", path=str(path)))


@pytest.mark.parametrize("path", [".", "x" * 300 + ".npz", "a\0b.npz"])
def test_an_impossible_path_is_one_line(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_dataset(DatasetConfig(name="npz", path=path))
    assert "\n" not in str(caught.value)


def zip_of(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def npy(array):
    member = io.BytesIO()
    np.save(member, array)
    return member.getvalue()


HEADER = b"\x93NUMPY\x01\x00v\x00"


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"no array",
        b"\x93NUMPY\x09\x09" + bytes(20),
        HEADER + b"(" * 117 + b"\n",
        HEADER + b"{'descr': '|u1', 'fortran_order': False, 'shape': (9000000000000, 10, 10), }".ljust(117) + b"\n",
        HEADER + b"{'descr': '|u1', 'fortran_order': False, 'shape': (-4,), }".ljust(117) + b"\n",
        HEADER + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n",
        HEADER + b"{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n",
        HEADER + b"__import__('os').system('false')".ljust(117) + b"\n",
    ],
)
def test_a_member_that_is_no_array_is_refused(tmp_path, member):
    path = tmp_path / "own.npz"
    content = {f"{key}.npy": npy(array) for key, array in arrays().items()}
    for key in ("x_train", "y_train"):
        path.write_bytes(zip_of({**content, f"{key}.npy": member}))
        with pytest.raises(InputError) as caught:
            load_dataset(DatasetConfig(name="npz", path=str(path)))
        assert "\n" not in str(caught.value)


def test_damage_is_refused_or_without_effect(tmp_path):
    # Flipped bytes, cut ends and doubled stretches: zip's checksums find what touches an array.
    path = tmp_path / "own.npz"
    np.savez_compressed(path, **arrays(classes=np.array(["a", "b", "c"])))
    whole = path.read_bytes()
    config = DatasetConfig(name="npz", path=str(path))
    intact = load_dataset(config).sha256
    random = np.random.default_rng(0)
    refusals = []
    for attempt in range(200):
        content = bytearray(whole)
        place = int(random.integers(len(whole)))
        if attempt % 3 == 0:
            content[place] ^= int(random.integers(1, 256))
        elif attempt % 3 == 1:
            del content[place:]
        else:
            content[place:place] = content[place : place + 30]
        path.write_bytes(content)
        try:
            assert load_dataset(config).sha256 == intact
        except InputError as error:
            refusals.append(str(error))
    assert len(refusals) > 100
    assert not any("\n" in message for message in refusals)


def test_a_real_npz(real_npz):
    dataset = load_dataset(DatasetConfig(name="npz", path=str(real_npz)))
    assert dataset.train.images.shape == (10000, 3, 32, 32)
    assert torch.bincount(dataset.train.labels).tolist() == [100] * 100
    assert dataset.classes[0] == "apple"


def test_labels_in_a_column_are_labels():
    from moco_bench.data.arrays import class_count_of, split_of

    images, labels = np.zeros((6, 8, 8), np.uint8), np.arange(6) % 2
    assert class_count_of(labels[:, None], "x") == 2
    assert split_of(images, labels[:, None], 2, "x").labels.tolist() == labels.tolist()
    with pytest.raises(InputError, match="labels have shape"):
        split_of(images, np.eye(6, dtype=np.int64), 6, "x")  # one-hot rows are no labels
