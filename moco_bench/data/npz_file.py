"""Images from an npz file: a user's own, or the one that ships with the package."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moco_bench.data.arrays import class_count_of, split_of
from moco_bench.data.origin import Origin, remarks
from moco_bench.data.paths import check_regular, user_path
from moco_bench.data.splits import Source, Split
from moco_bench.errors import InputError
from moco_bench.measure.quota import usable_memory
from moco_bench.suite.config import DatasetConfig

NEEDED = ("x_train", "y_train", "x_test", "y_test")


def npz_file(config: DatasetConfig) -> Source:
    """A user's `path`: arrays `x_train`, `y_train`, `x_test`, `y_test` and, if there are names, `classes`."""
    if config.path is None:
        raise InputError("dataset npz: `path` is missing; it must name the npz file")
    return read_npz(user_path(config.path, "dataset npz, path"))


def read_npz(path: Path) -> Source:
    """The data set in an npz file. Pickled objects in it are refused, never loaded.

    Raises:
        InputError: no such file, not an npz, or its arrays are not what they should be (also on reading a split).
    """
    check_regular(path, "`path` must name an npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            found = {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `path` must name an npz file") from None
    except zipfile.BadZipFile:
        raise InputError(f"{path}: not an npz file, or damaged; write one with numpy.savez") from None
    except Exception as error:
        raise _unreadable(path, error) from None
    if missing := [key for key in NEEDED if key not in found]:
        raise InputError(f"{path}: no array {', '.join(missing)}; an npz data set has {', '.join(NEEDED)}")
    _check_size(path, found)
    count = class_count_of(_array(path, "y_train"), f"{path}, y_train")
    classes = _names(path, count) if "classes" in found else tuple(map(str, range(count)))

    others = remarks(("array of another name", name) for name in sorted(set(found) - {*NEEDED, "classes"}))

    def read(split: str) -> Split:
        images, labels = _array(path, f"x_{split}"), _array(path, f"y_{split}")
        return replace(split_of(images, labels, count, f"{path}, {split} split"), origin=Origin(passed_over=others))

    return Source(classes, lambda: read("train"), lambda: read("test"))


def _check_size(path: Path, sizes: dict[str, int]) -> None:
    """Refuse what memory can't hold: a small file may unpack to terabytes."""
    needed, there = sum(sizes[key] for key in NEEDED), usable_memory()
    if needed > there:
        raise InputError(
            f"{path}: its arrays take {needed / 2**30:.1f} GiB, more than the {there / 2**30:.1f} GiB of memory here; "
            "an image folder is read from disk as it is needed"
        )


def _names(path: Path, count: int) -> tuple[str, ...]:
    """The names of the classes."""
    names = _array(path, "classes")
    if names.ndim != 1 or names.dtype.kind != "U":
        raise InputError(f"{path}: classes has shape {names.shape}, dtype {names.dtype}; a list of strings is needed")
    if len(names) != count:
        raise InputError(f"{path}: classes has {len(names)} names, but y_train has {count} classes")
    return tuple(map(str, names))


def _array(path: Path, key: str) -> NDArray[Any]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            array: NDArray[Any] = arrays[key]
    except Exception as error:  # The parsers of zip and npy answer damage with a dozen kinds of exception.
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path}: {key} holds pickled Python objects, which could run code and are never loaded; "
                "save a plain array of integers or strings"
            ) from None
        raise _unreadable(f"{path}, {key}", error) from None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: {key} is not in numpy's format; write the file with numpy.savez")
    return array


def _unreadable(where: Path | str, error: BaseException) -> InputError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return InputError(f"{where}: not readable ({reason}); the file may be damaged, write it again")
