"""Real data where it is at hand, and small stand-ins in the same file formats where it isn't."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")


def need(path, advice):
    """Skip the test where real data is absent; fail it where MOCO_BENCH_REQUIRE_DATA=1 demands the data."""
    if path.exists():
        return path
    message = f"{path} is absent: {advice}"
    if os.environ.get("MOCO_BENCH_REQUIRE_DATA") == "1":
        pytest.fail(message)
    pytest.skip(message)


ROOT = Path(os.environ.get("MOCO_BENCH_DATA", Path(__file__).parents[2] / "data"))


@pytest.fixture(scope="session")
def real_data_root():
    """The folder with `cifar-10-batches-py`: MOCO_BENCH_DATA, by default the repository's `data`."""
    need(ROOT / "cifar-10-batches-py", "set MOCO_BENCH_DATA to a folder with CIFAR-10 as torchvision unpacks it")
    return ROOT


@pytest.fixture(scope="session")
def real_npz():
    """A balanced part of CIFAR-100 (100 + 20 images a class) as an npz."""
    return need(ROOT / "cifar100-12k.npz", "set MOCO_BENCH_DATA to a folder that holds it")


@pytest.fixture(scope="session")
def debian_fashion_mnist():
    return need(DEBIAN_FASHION_MNIST, "apt-get install dataset-fashion-mnist")


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
