"""Real data if they are installed, else small stand-ins in the same file formats."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(scope="session")
def real_npz(data_folder, require_data):
    """A balanced part of CIFAR-100 (100 + 20 images a class) as an npz."""
    return require_data(data_folder / "cifar100-12k.npz", "set MOCO_BENCH_DATA to a folder that holds it")


@pytest.fixture(scope="session")
def debian_fashion_mnist(require_data):
    return require_data(DEBIAN_FASHION_MNIST, "apt-get install dataset-fashion-mnist")


@pytest.fixture
def small_cifar(tmp_path, monkeypatch):
    """A CIFAR-10 of 40 + 8 images in the official format, with its checksums in the place of the official ones."""
    random = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()

    def write(name, content):
        raw = pickle.dumps(content, protocol=2)
        (folder / name).write_bytes(raw)
        return hashlib.md5(raw).hexdigest()

    def batch(name, count):
        images = random.integers(0, 256, (count, 3072), dtype=np.uint8)
        return [name, write(name, {"data": images, "labels": [i % 4 for i in range(count)]})]

    monkeypatch.setattr(datasets.CIFAR10, "train_list", [batch(f"data_batch_{i}", 8) for i in range(1, 6)])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [batch("test_batch", 8)])
    names = {"label_names": ["bird", "cat", "dog", "frog"]}
    meta = {"filename": "batches.meta", "key": "label_names", "md5": write("batches.meta", names)}
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    return tmp_path
