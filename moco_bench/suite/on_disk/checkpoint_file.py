"""The file of an encoder that was trained elsewhere, as a plan needs it: whether it exists, and its hash."""

import stat
from functools import lru_cache
from pathlib import Path

from moco_bench.errors import InputError, why_unread
from moco_bench.files import sha256_of_file


def hash_of_checkpoint(path: Path) -> str:
    """The sha256 of the file; it is read again only if its size or time stamp has changed.

    Raises:
        InputError: there is no such file, or it is no ordinary one.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"encoder.checkpoint: {path} is no ordinary file; give a file of weights")
        return _hash(path, status.st_size, status.st_mtime_ns)
    except (OSError, ValueError) as error:
        raise InputError(f"encoder.checkpoint: {path}: {why_unread(error)}; give a file of weights") from None


@lru_cache(maxsize=1024)
def _hash(path: Path, size: int, stamp: int) -> str:
    return sha256_of_file(path)
