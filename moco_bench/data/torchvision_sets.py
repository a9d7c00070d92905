"""CIFAR-10, CIFAR-100 and Fashion-MNIST, in the files, under the checksums and from the addresses of torchvision.

The files are read here and not by torchvision's classes, for two reasons: a pickle can run code when it is loaded, so
only bytes whose checksum is known are unpickled (the very bytes that were checked, not the file a second time); and the
test split stays unopened where a validation split takes its place.
"""

import hashlib
import pickle
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from torchvision import datasets

from moco_bench.data.arrays import split_of
from moco_bench.data.paths import check_regular, user_path
from moco_bench.data.splits import Source, Split
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig

# Of the unpacked files; torchvision knows those of the archives only.
FASHION_MNIST_MD5 = {
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}


def cifar10(config: DatasetConfig) -> Source:
    """CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 images, 32x32 RGB."""
    return _cifar(config, datasets.CIFAR10, "labels")


def cifar100(config: DatasetConfig) -> Source:
    """CIFAR-100 (Krizhevsky 2009), its 100 fine classes: 50,000 + 10,000 images, 32x32 RGB."""
    return _cifar(config, datasets.CIFAR100, "fine_labels")


def fashion_mnist(config: DatasetConfig) -> Source:
    """Fashion-MNIST (Xiao et al. 2017): 60,000 + 10,000 images, 28x28, one channel."""
    folder = _root(config) / "FashionMNIST" / "raw"
    _download_missing(config, datasets.FashionMNIST, folder, FASHION_MNIST_MD5)
    classes = tuple(datasets.FashionMNIST.classes)

    def read(part: str) -> Split:
        images, labels = (
            np.frombuffer(_verified_bytes(folder / name, FASHION_MNIST_MD5[name]), np.uint8, offset=header)
            for name, header in ((f"{part}-images-idx3-ubyte", 16), (f"{part}-labels-idx1-ubyte", 8))
        )
        return split_of(images.reshape(-1, 28, 28).copy(), labels, len(classes), f"{folder}, {part}")

    return Source(classes, lambda: read("train"), lambda: read("t10k"))


def _cifar(config: DatasetConfig, kind: Any, label_key: str) -> Source:
    folder = _root(config) / kind.base_folder
    meta = (kind.meta["filename"], kind.meta["md5"])
    _download_missing(config, kind, folder, [name for name, _ in [meta, *kind.train_list, *kind.test_list]])
    classes = tuple(_unpickle(folder / meta[0], meta[1])[kind.meta["key"]])

    def read(files: Iterable[tuple[str, str]]) -> Split:
        batches = [_unpickle(folder / name, md5) for name, md5 in files]
        images = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
        labels = np.concatenate([batch[label_key] for batch in batches])
        return split_of(images, labels, len(classes), str(folder))

    return Source(classes, lambda: read(kind.train_list), lambda: read(kind.test_list))


def _root(config: DatasetConfig) -> Path:
    return user_path(config.root or "data", f"dataset {config.name}, root")


def _download_missing(config: DatasetConfig, kind: Any, folder: Path, names: Iterable[str]) -> None:
    """Where a download is wanted and a file isn't there, let torchvision fetch, check and unpack its archive."""
    try:
        if config.download and not all((folder / name).is_file() for name in names):
            kind(_root(config), download=True)
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{config.name}: no download to {folder} ({reason}); try again, or put the files there by hand"
        ) from None


def _verified_bytes(path: Path, md5: str) -> bytes:
    """The content of a file whose checksum is known.

    Raises:
        InputError: it is missing, unreadable, damaged or another file.
    """
    check_regular(path, "`root` must name the folder of the data set")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; put it there, change `root` or set `download: true`") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable ({error}); `root` must name the folder of the data set") from None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise InputError(
            f"{path}: damaged, or not the official file (md5 {found}, should be {md5}), and so not read; "
            "remove it, then copy it again or set `download: true`"
        )
    return content


def _unpickle(path: Path, md5: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        # The official pickles are of 2009, and numpy remarks on it.
        warnings.simplefilter("ignore")
        content: dict[str, Any] = pickle.loads(_verified_bytes(path, md5), encoding="latin1")
    return content
