"""Data sets in their official files, with torchvision's checksums and addresses.

The files are read here and not by torchvision's classes, for two reasons: a pickle can run code when it is loaded, so
only bytes whose checksum is known are unpickled (the very bytes that were checked, not the file a second time); and the
test split stays unopened where a validation split takes its place.
"""

import hashlib
import pickle
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from moco_bench.components.base import NOT_IDENTITY
from moco_bench.components.datasets.base import Dataset
from moco_bench.components.datasets.paths import user_path
from moco_bench.errors import InputError, why_unread
from moco_bench.files import check_regular


class OfficialFiles(Dataset):
    """A data set in its official files under `root`, which torchvision can download.

    Attributes:
        below: the folder under `root` that holds them.
        torchvisions: the name of torchvision's class, which knows the files.
    """

    checksums: ClassVar[bool] = True
    below: ClassVar[str] = ""
    torchvisions: ClassVar[str]

    root: str | None = Field(
        None, description="The folder of data sets; by default `data`.", json_schema_extra=NOT_IDENTITY
    )
    download: bool = Field(
        False, description="Let torchvision download what is missing.", json_schema_extra=NOT_IDENTITY
    )

    @property
    def folder(self) -> Path:
        """The folder that holds its files."""
        return self._top / self.below

    @property
    def _top(self) -> Path:
        return user_path(self.root or "data", f"dataset {self.title()}, root")

    @property
    def known(self) -> Any:
        """Torchvision's class."""
        from torchvision import datasets

        return getattr(datasets, self.torchvisions)

    def files(self) -> Iterable[str]:
        """Names of all its files, below `folder`."""
        raise NotImplementedError

    def fetch(self, root: Path) -> None:
        """Let torchvision download, check and unpack its archives."""
        self.known(root, download=True)

    def places(self) -> tuple[str, ...]:
        return () if self.download else (f"{self.root or 'data'}/{self.below}".rstrip("/"),)

    def download_missing(self) -> None:
        """Download missing files if the settings ask for it. Raises `InputError` where it fails."""
        folder = self.folder
        try:
            if self.download and not all((folder / name).is_file() for name in self.files()):
                self.fetch(self._top)
        except (OSError, RuntimeError, ValueError, EOFError) as error:
            told = f"no download to {folder} ({str(error)[:200]})"
            raise InputError(f"{self.title()}: {told}; try again, or put the files there by hand") from None


def verified_bytes(path: Path, md5: str) -> bytes:
    """The content of a file whose checksum is known.

    Raises:
        InputError: it is missing, unreadable, damaged or another file.
    """
    check_regular(path, "`root` must name the folder of the data set")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise not_there(path, error) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable ({error}); `root` must name the folder of the data set") from None
    check_md5(path, hashlib.md5(content, usedforsecurity=False).hexdigest(), md5)
    return content


def not_there(path: Path, error: OSError | ValueError) -> InputError:
    """The error of a file that could not be read, with what would help."""
    return InputError(f"{path}: {why_unread(error)}; put it there, change `root` or set `download: true`")


def check_md5(path: Path, found: str, right: str) -> None:
    """Raise `InputError` where a file's checksum isn't the one that is known."""
    if found != right:
        raise InputError(
            f"{path}: damaged, or not the official file (md5 {found}, should be {right}), and so not read; "
            "remove it, then copy it again or set `download: true`"
        )


def unpickled(path: Path, md5: str) -> dict[str, Any]:
    """The content of a pickle with a known checksum. Raises `InputError` as `verified_bytes` does."""
    with warnings.catch_warnings():
        # The official pickles are of 2009, and numpy remarks on it.
        warnings.simplefilter("ignore")
        content: dict[str, Any] = pickle.loads(verified_bytes(path, md5), encoding="latin1")
    return content
