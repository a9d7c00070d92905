"""One writer per run: two of them, one an orphan of a killed workflow perhaps, would spoil each other's files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from moco_bench.locks import Lock

LOCK = "lock"


def holder_of(checkpoints: Path) -> str:
    """Words for the process that holds the lock of the run with these checkpoints."""
    return Lock(checkpoints / LOCK).holder()


@contextmanager
def sole_writer(checkpoints: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of the run whose checkpoints lie in this folder; wait for it where another process holds it.

    The kernel frees the lock when its holder ends, however it ends; the file itself means nothing. Whoever waited finds
    what the other left, a checkpoint or a finished run, and goes on from there.

    Args:
        checkpoints: the folder; it is made.
        on_wait: called once if the lock isn't free; `holder_of` says who has it.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    lock = Lock(checkpoints / LOCK)
    if not lock.acquire():
        on_wait()
        lock.acquire(wait=True)
    try:
        yield
    finally:
        lock.release()
