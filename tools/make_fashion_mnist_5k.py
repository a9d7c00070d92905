"""Make the images that ship with the package: a balanced part of Fashion-MNIST.

    python tools/make_fashion_mnist_5k.py [--source FOLDER] [--out FILE]

The source is the folder of Debian's package `dataset-fashion-mnist` (apt-get install dataset-fashion-mnist), or any
folder with the four gzipped IDX files of Fashion-MNIST; their content is checked against known checksums. Taken are, in
the order of the official files, the first 500 images of each class of the training split and the first 100 of each
class of the test split. The file is an ordinary npz (x_train, y_train, x_test, y_test, classes). Its members carry the
zip format's earliest date and are deflated at level 9, so that zlib (1.2.13 made the committed file) always writes the
same bytes; zlib-ng, which some builds of Python contain, packs the same arrays into other bytes.
"""

import argparse
import gzip
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moco_bench.components.datasets.fashion_5k import FASHION_MNIST_5K
from moco_bench.components.datasets.fashion_mnist import FASHION_MNIST_MD5
from moco_bench.errors import InputError
from moco_bench.files import write_bytes

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
EARLIEST = (1980, 1, 1, 0, 0, 0)


def main(words: list[str] | None = None) -> int:
    """Write the file; exit 2 where the source is missing or isn't Fashion-MNIST."""
    parser = argparse.ArgumentParser(description="Make the images that ship with the package.")
    parser.add_argument("--source", type=Path, default=DEBIAN, help=f"folder of the gzipped IDX files ({DEBIAN})")
    parser.add_argument("--out", type=Path, default=FASHION_MNIST_5K, help=f"file to write ({FASHION_MNIST_5K})")
    arguments = parser.parse_args(words)
    try:
        content = npz_bytes(arguments.source)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    write_bytes(arguments.out, content)
    print(f"{arguments.out}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
    return 0


def npz_bytes(source: Path) -> bytes:
    """The content of the npz, from the gzipped IDX files in `source`."""
    x_train, y_train = balanced(source, "train", 500)
    x_test, y_test = balanced(source, "t10k", 100)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test, "classes": np.array(CLASSES)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", EARLIEST)
            entry.create_system = 3
            archive.writestr(entry, member.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return packed.getvalue()


def balanced(source: Path, part: str, per_class: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first `per_class` images of each class and their labels, in the order of the official file."""
    images = idx_values(source, f"{part}-images-idx3-ubyte", header=16).reshape(-1, 28, 28)
    labels = idx_values(source, f"{part}-labels-idx1-ubyte", header=8)
    kept = np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(len(CLASSES))]))
    return images[kept], labels[kept]


def idx_values(source: Path, name: str, header: int) -> NDArray[np.uint8]:
    """The values of a gzipped IDX file, whose header takes `header` bytes."""
    path = source / f"{name}.gz"
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; apt-get install dataset-fashion-mnist, or give --source") from None
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != FASHION_MNIST_MD5[name]:
        raise InputError(f"{path}: damaged, or not Fashion-MNIST; install dataset-fashion-mnist anew")
    return np.frombuffer(content, np.uint8, offset=header)


if __name__ == "__main__":
    sys.exit(main())
