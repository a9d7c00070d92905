"""Locks that the kernel releases when their holder ends, with a file that names the holder.

Some network file systems have no locks. There a lock is not taken, with a warning: to refuse to work would be worse,
and two processes at one run are rare.
"""

import errno
import os
import platform
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from moco_bench.errors import one_line

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


class Lock:
    """An exclusive lock: a file that the kernel locks, and `NAME.holder` beside it, which names its holder.

    The files mean nothing by themselves: a lock is free once its holder has ended, however it ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _file_lock(path)
        self._holder = path.with_name(f"{path.name}.holder")

    def acquire(self, *, wait: bool = False) -> bool:
        """Take the lock; its folder must exist. Returns False where another process has it and `wait` isn't set."""
        try:
            self._lock.acquire(timeout=-1 if wait else 0, poll_interval=0.2)
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            if isinstance(error, OSError) and error.errno not in NO_LOCKS:
                raise
            warnings.warn(
                f"{self.path.parent}: this file system has no locks ({one_line(error)}), so nothing keeps a second "
                "process away; start each suite once at a time",
                stacklevel=2,
            )
            return True
        with suppress(OSError):  # only a courtesy to those who wait
            command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:120]
            told = f"process {os.getpid()} on {platform.node() or 'this machine'} ({command})"
            self._holder.write_text(told, encoding="utf-8")
        return True

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()

    def holder(self) -> str:
        """The lock's holder, if known: `process 4242 on host (moco-bench pretrain ...)`."""
        try:
            return one_line(self._holder.read_text(encoding="utf-8", errors="replace"))[:200] or "another process"
        except OSError:
            return "another process"


def _file_lock(path: Path) -> BaseFileLock:
    """A lock of the kernel, never a mere file, which would outlive its holder where there are no locks."""
    try:
        return FileLock(path, fallback_to_soft=False)
    except TypeError:  # an older version, which has nothing to fall back to
        return FileLock(path)
