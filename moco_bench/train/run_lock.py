"""One writer a run: two of them, one an orphan of a killed workflow perhaps, would spoil each other's files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def sole_writer(checkpoints: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of the run whose checkpoints lie in this folder; wait for it where another process holds it.

    The kernel frees the lock when its holder ends, however it ends; the file itself means nothing. Whoever waited finds
    what the other left, a checkpoint or a finished run, and goes on from there.

    Args:
        checkpoints: the folder; it is made.
        on_wait: called once if the lock isn't free.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    lock = FileLock(checkpoints / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait()
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()
