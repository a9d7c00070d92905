import gzip
import importlib.util
import io
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from moco_bench.components.datasets.fashion_5k import FASHION_MNIST_5K
from moco_bench.data.datasets import load_dataset
from moco_bench.suite.config import DatasetConfig

TOOL = Path(__file__).parents[3] / "tools" / "make_fashion_mnist_5k.py"


@pytest.fixture(scope="module")
def tool():
    specification = importlib.util.spec_from_file_location("make_fashion_mnist_5k", TOOL)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_fashion_mnist_5k_is_balanced_and_what_it_always_was():
    dataset = load_dataset(DatasetConfig(name="fashion-mnist-5k"))
    assert dataset.train.images.shape == (5000, 1, 28, 28)
    assert dataset.evaluation.images.shape == (1000, 1, 28, 28)
    assert torch.bincount(dataset.train.labels).tolist() == [500] * 10
    assert torch.bincount(dataset.evaluation.labels).tolist() == [100] * 10
    assert dataset.classes[0] == "T-shirt/top"
    assert dataset.sha256 == "fa8413a2a7cab490fe42eb10b692fa8e03259d7207aff1809e7ae3392170da19"


def test_fashion_scenes_5k_are_the_same_garments_and_the_same_bytes_everywhere():
    plain, dataset = (load_dataset(DatasetConfig(name=name)) for name in ("fashion-mnist-5k", "fashion-scenes-5k"))
    assert dataset.train.images.shape == (5000, 3, 32, 32)
    assert dataset.evaluation.images.shape == (1000, 3, 32, 32)
    assert torch.equal(dataset.train.labels, plain.train.labels)
    assert torch.equal(dataset.evaluation.labels, plain.evaluation.labels)
    assert dataset.classes == plain.classes
    assert dataset.sha256 == "8b67f8e215fe6a38a945fbea848dd5ea8e7e5f5819e56b01a9551eb30749b115"


def test_fashion_mnist_5k_is_small_and_comes_with_its_licence():
    assert FASHION_MNIST_5K.stat().st_size <= 3_000_000
    notice = FASHION_MNIST_5K.with_name("fashion-mnist-5k.LICENSE.txt").read_text()
    assert "Copyright (c) 2017 Zalando SE" in notice
    assert "Permission is hereby granted, free of charge" in notice


@pytest.mark.slow
def test_the_tool_makes_the_shipped_file_again(tool, debian_fashion_mnist):
    made = tool.npz_bytes(debian_fashion_mnist)
    if "ng" in zlib.ZLIB_RUNTIME_VERSION:
        # Another compressor, other bytes: then the arrays inside must be the same, bit for bit.
        with np.load(FASHION_MNIST_5K) as shipped, np.load(io.BytesIO(made)) as again:
            assert all(np.array_equal(shipped[key], again[key]) for key in shipped.files)
    else:
        assert made == FASHION_MNIST_5K.read_bytes()


def test_the_tool_takes_the_first_images_of_each_class(tool, debian_fashion_mnist):
    everything = tool.idx_values(debian_fashion_mnist, "t10k-images-idx3-ubyte", 16).reshape(-1, 28, 28)
    labels = tool.idx_values(debian_fashion_mnist, "t10k-labels-idx1-ubyte", 8)
    dataset = load_dataset(DatasetConfig(name="fashion-mnist-5k"))
    for label in range(10):
        expected = everything[labels == label][:100]
        assert np.array_equal(dataset.evaluation.images[dataset.evaluation.labels == label][:, 0].numpy(), expected)


def test_the_tool_writes_the_file(tool, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tool, "npz_bytes", lambda source: f"made from {source}".encode())
    out = tmp_path / "made.npz"
    assert tool.main(["--source", "folder", "--out", str(out)]) == 0
    assert out.read_text() == "made from folder"
    assert str(out) in capsys.readouterr().out


def test_the_tool_says_what_is_missing_or_damaged(tool, tmp_path, capsys):
    words = ["--source", str(tmp_path), "--out", str(tmp_path / "made.npz")]
    assert tool.main(words) == 2
    assert "no such file; apt-get install dataset-fashion-mnist" in capsys.readouterr().err
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"something else"))
    assert tool.main(words) == 2
    assert "damaged, or not Fashion-MNIST" in capsys.readouterr().err
    assert not (tmp_path / "made.npz").exists()


def test_digits_are_scikit_learns():
    dataset = load_dataset(DatasetConfig(name="digits"))
    assert (len(dataset.train), len(dataset.evaluation)) == (1438, 359)
    assert dataset.train.images.shape[1:] == (1, 8, 8)
    every = torch.cat([dataset.train.images, dataset.evaluation.images])[:, 0].double() * 16 / 255
    original = load_digits()
    order = np.lexsort(original.images.reshape(len(original.images), -1).T)
    ours = np.lexsort(every.numpy().round().reshape(len(every), -1).T)
    assert np.array_equal(every.numpy().round()[ours], original.images[order])
    labels = torch.cat([dataset.train.labels, dataset.evaluation.labels]).numpy()
    assert np.array_equal(labels[ours], original.target[order])
    assert dataset.train.images.max() == 255
    share = torch.bincount(dataset.evaluation.labels).numpy() / np.bincount(original.target)
    assert bool(((share > 0.19) & (share < 0.21)).all())
