import gzip
import hashlib
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from moco_bench.components.datasets import fashion_mnist
from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig


def cifar10(root, **more):
    return load_dataset(DatasetConfig(name="cifar10", root=str(root), **more))


def test_cifar10_equals_torchvisions(small_cifar):
    dataset = cifar10(small_cifar)
    for split, train in ((dataset.train, True), (dataset.evaluation, False)):
        theirs = datasets.CIFAR10(small_cifar, train=train)
        assert np.array_equal(split.images.permute(0, 2, 3, 1).numpy(), theirs.data)
        assert split.labels.tolist() == theirs.targets
        assert list(dataset.classes) == theirs.classes


@pytest.mark.slow
def test_real_cifar10_equals_torchvisions(real_data):
    dataset = cifar10(real_data)
    theirs = datasets.CIFAR10(real_data, train=False)
    assert np.array_equal(dataset.evaluation.images.permute(0, 2, 3, 1).numpy(), theirs.data)
    assert dataset.evaluation.labels.tolist() == theirs.targets
    assert dataset.train.images.shape == (50000, 3, 32, 32)
    # As published for CIFAR-10 by many.
    assert np.allclose(dataset.mean, (0.4914, 0.4822, 0.4465), atol=1e-4)
    assert np.allclose(dataset.std, (0.2470, 0.2435, 0.2616), atol=1e-4)


def test_cifar100_reads_the_fine_labels(tmp_path, monkeypatch):
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (6, 3072), dtype=np.uint8)
    contents = {
        "train": {"data": images, "fine_labels": [0, 1, 2, 2, 1, 0], "coarse_labels": [0] * 6},
        "test": {"data": images[:3], "fine_labels": [2, 1, 0], "coarse_labels": [0] * 3},
        "meta": {"fine_label_names": ["apple", "bear", "bee"], "coarse_label_names": ["thing"]},
    }
    md5 = {}
    for name, content in contents.items():
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
        md5[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    monkeypatch.setattr(datasets.CIFAR100, "train_list", [["train", md5["train"]]])
    monkeypatch.setattr(datasets.CIFAR100, "test_list", [["test", md5["test"]]])
    monkeypatch.setattr(datasets.CIFAR100, "meta", {**datasets.CIFAR100.meta, "md5": md5["meta"]})
    dataset = load_dataset(DatasetConfig(name="cifar100", root=str(tmp_path)))
    assert dataset.train.labels.tolist() == [0, 1, 2, 2, 1, 0]
    assert dataset.evaluation.labels.tolist() == [2, 1, 0]
    assert dataset.classes == ("apple", "bear", "bee")
    assert np.array_equal(dataset.train.images.reshape(6, -1).numpy(), images)


class Harm:
    """Unpickling this writes a file: what a harmful pickle would do, without harm."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.write_text, (self.marker, "run")


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
def test_a_harmful_pickle_is_refused_and_never_run(small_cifar, tmp_path, name):
    marker = tmp_path / "marker"
    payload = pickle.dumps({"data": Harm(marker), "labels": [0]}, protocol=2)
    pickle.loads(payload)
    assert marker.exists(), "the payload itself doesn't work, so the test would prove nothing"
    marker.unlink()
    (small_cifar / "cifar-10-batches-py" / name).write_bytes(payload)
    with pytest.raises(InputError, match=f"{name}: damaged, or not the official file"):
        cifar10(small_cifar)
    assert not marker.exists()


def test_one_flipped_bit_is_noticed(small_cifar):
    path = small_cifar / "cifar-10-batches-py" / "data_batch_2"
    content = bytearray(path.read_bytes())
    content[1000] ^= 4
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"data_batch_2: damaged.*remove it, then .* set `download: true`"):
        cifar10(small_cifar)


def test_a_missing_file_says_what_to_do(small_cifar, tmp_path):
    (small_cifar / "cifar-10-batches-py" / "data_batch_5").unlink()
    with pytest.raises(InputError, match=r"data_batch_5: no such file; put it there, .* set `download: true`"):
        cifar10(small_cifar)
    for name in ("cifar10", "cifar100", "fashion-mnist"):
        with pytest.raises(InputError, match="no such file"):
            load_dataset(DatasetConfig(name=name, root=str(tmp_path / "nowhere")))


@pytest.mark.parametrize("root", ["a\0b", "x" * 300, "occupied"])
@pytest.mark.parametrize("download", [False, True])
def test_an_impossible_root_is_one_line(tmp_path, monkeypatch, root, download):
    monkeypatch.chdir(tmp_path)
    Path("occupied").write_text("a file, no folder")
    with pytest.raises(InputError) as caught:
        cifar10(root, download=download)
    assert "\n" not in str(caught.value)


def test_with_validation_the_test_split_is_never_read(small_cifar):
    (small_cifar / "cifar-10-batches-py" / "test_batch").unlink()
    dataset = cifar10(small_cifar, validation=0.2)
    assert dataset.evaluated_on == "validation"
    assert (len(dataset.train), len(dataset.evaluation)) == (32, 8)
    with pytest.raises(InputError, match="test_batch: no such file"):
        cifar10(small_cifar)


def test_a_download_is_tried_only_if_asked_for_and_needed(small_cifar, monkeypatch):
    calls = []
    monkeypatch.setattr(datasets.CIFAR10, "download", lambda self: calls.append(self.root))
    cifar10(small_cifar, download=True)
    assert calls == []
    moved = small_cifar / "cifar-10-batches-py" / "test_batch"
    shutil.move(moved, small_cifar / "kept")
    with pytest.raises(InputError):
        cifar10(small_cifar)
    assert calls == []
    monkeypatch.setattr(datasets.CIFAR10, "download", lambda self: shutil.move(small_cifar / "kept", moved))
    assert len(cifar10(small_cifar, download=True).evaluation) == 8


def test_a_failed_download_is_one_line(tmp_path, monkeypatch):
    def unreachable(self):
        raise OSError("<urlopen error [Errno -3]\nTemporary failure in name resolution>")

    monkeypatch.setattr(datasets.CIFAR10, "download", unreachable)
    with pytest.raises(InputError, match=r"^cifar10: no download to .*name resolution.*; try again") as caught:
        cifar10(tmp_path, download=True)
    assert "\n" not in str(caught.value)


@pytest.fixture
def small_fashion_mnist(tmp_path, monkeypatch):
    """Fashion-MNIST of 20 + 10 images in IDX files."""
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for part, count in (("train", 20), ("t10k", 10)):
        images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for name, magic, array in (("images-idx3", 2051, images), ("labels-idx1", 2049, labels)):
            header = np.array([magic, *array.shape], dtype=">i4").tobytes()
            file = raw / f"{part}-{name}-ubyte"
            file.write_bytes(header + array.tobytes())
            md5 = hashlib.md5(file.read_bytes()).hexdigest()
            monkeypatch.setitem(fashion_mnist.FASHION_MNIST_MD5, file.name, md5)
    return tmp_path


def test_fashion_mnist_equals_torchvisions(small_fashion_mnist):
    dataset = load_dataset(DatasetConfig(name="fashion-mnist", root=str(small_fashion_mnist)))
    for split, train in ((dataset.train, True), (dataset.evaluation, False)):
        theirs = datasets.FashionMNIST(small_fashion_mnist, train=train)
        assert torch.equal(split.images[:, 0], theirs.data)
        assert torch.equal(split.labels, theirs.targets)
    assert dataset.classes[9] == "Ankle boot"


def test_a_damaged_idx_file_is_refused(small_fashion_mnist):
    path = small_fashion_mnist / "FashionMNIST" / "raw" / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="train-labels-idx1-ubyte: damaged"):
        load_dataset(DatasetConfig(name="fashion-mnist", root=str(small_fashion_mnist)))


@pytest.mark.slow
def test_real_fashion_mnist_passes_its_checksums(debian_fashion_mnist, tmp_path):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in debian_fashion_mnist.glob("*.gz"):
        (raw / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    dataset = load_dataset(DatasetConfig(name="fashion-mnist", root=str(tmp_path)))
    assert torch.bincount(dataset.train.labels).tolist() == [6000] * 10
    theirs = datasets.FashionMNIST(tmp_path, train=False)
    assert torch.equal(dataset.evaluation.images[:, 0], theirs.data)
    assert np.allclose(dataset.mean, 0.2860, atol=1e-4)
    assert np.allclose(dataset.std, 0.3530, atol=1e-4)
