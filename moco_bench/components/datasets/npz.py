"""Images from an npz file."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.base import NOT_IDENTITY
from moco_bench.components.datasets.base import Arrays, Dataset, SplitName
from moco_bench.components.datasets.paths import user_path
from moco_bench.components.types import Array
from moco_bench.errors import InputError, one_line
from moco_bench.files import check_regular

NEEDED = ("x_train", "y_train", "x_test", "y_test")


class Npz(Dataset):
    """A user's arrays in one file of numpy: `x_train`, `y_train`, `x_test`, `y_test` and, for names, `classes`."""

    name: Literal["npz"] = "npz"
    path: str = Field(description="The file.", json_schema_extra=NOT_IDENTITY)

    @property
    def _file(self) -> "NpzFile":
        return NpzFile(user_path(self.path, "dataset npz, path"))

    def load(self, split: SplitName) -> Arrays:
        return self._file.split(split)

    def class_names(self) -> Sequence[str] | None:
        return self._file.class_names()

    def memory(self) -> int:
        """See `Dataset.memory`: a small file may unpack to terabytes."""
        sizes = self._file.entries()
        return sum(sizes[key] for key in NEEDED)


class NpzFile:
    """A data set in an npz file. Pickled objects in it are refused, never loaded.

    All methods raise `InputError` where there is no such file, it is no npz, or its arrays are not what they should be.
    """

    where: ClassVar[str] = "`path` must name an npz file"

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> dict[str, int]:
        """Names of all arrays and their uncompressed bytes; those of a data set are among them."""
        path = self.path
        check_regular(path, self.where)
        try:
            with zipfile.ZipFile(path) as archive:
                found = {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; {self.where}") from None
        except zipfile.BadZipFile:
            raise InputError(f"{path}: not an npz file, or damaged; write one with numpy.savez") from None
        except Exception as error:
            raise _unreadable(path, error) from None
        if missing := [key for key in NEEDED if key not in found]:
            raise InputError(f"{path}: no array {', '.join(missing)}; an npz data set has {', '.join(NEEDED)}")
        return found

    def split(self, name: str) -> Arrays:
        """Images and labels of `train` or `test`."""
        others = sorted(set(self.entries()) - {*NEEDED, "classes"})
        passed_over = [("array of another name", other) for other in others]
        return Arrays(self.array(f"x_{name}"), self.array(f"y_{name}"), passed_over)

    def class_names(self) -> Sequence[str] | None:
        """The names of the classes; None where there are none."""
        if "classes" not in self.entries():
            return None
        names = self.array("classes")
        if names.ndim != 1 or names.dtype.kind != "U":
            raise InputError(
                f"{self.path}: classes has shape {names.shape}, dtype {names.dtype}; a list of strings is needed"
            )
        return tuple(map(str, names))

    def array(self, key: str) -> Array:
        """One array."""
        import numpy as np

        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                array: Array = arrays[key]
        except Exception as error:  # The parsers of zip and npy answer damage with a dozen kinds of exception.
            if "allow_pickle" in str(error):
                raise InputError(
                    f"{self.path}: {key} holds pickled Python objects, which could run code and are never loaded; "
                    "save a plain array of integers or strings"
                ) from None
            raise _unreadable(f"{self.path}, {key}", error) from None
        if not isinstance(array, np.ndarray):
            raise InputError(f"{self.path}: {key} is not in numpy's format; write the file with numpy.savez")
        return array


def _unreadable(where: Path | str, error: BaseException) -> InputError:
    reason = one_line(error)[:200] or type(error).__name__
    return InputError(f"{where}: not readable ({reason}); the file may be damaged, write it again")
