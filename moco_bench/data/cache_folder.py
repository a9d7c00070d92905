"""The folder that keeps decoded images from one run to the next."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def cache_folder() -> Path:
    """The folder MOCO_BENCH_CACHE, or `moco-bench` in the user's folder for caches.

    A user without a home, as in many containers, has one in the machine's temporary folder.
    """
    if named := os.environ.get("MOCO_BENCH_CACHE"):
        return Path(named)
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named, "moco-bench")
    with suppress(RuntimeError):  # no name, no HOME
        home = Path.home()
        if home.is_dir() and os.access(home, os.W_OK):
            return home / ".cache" / "moco-bench"
    return _private(Path(tempfile.gettempdir(), f"moco-bench-{os.getuid()}"))


def _private(folder: Path) -> Path:
    """The folder, if nobody else can write to it; else a new one in the system's folder for temporary files."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022:
            return folder
    return Path(tempfile.mkdtemp(prefix="moco-bench-"))
