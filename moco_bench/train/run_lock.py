"""One writer per run: two of them, such as a killed workflow's orphan and a new process, would corrupt files.

And one trainer per fingerprint, whichever suites ask for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from moco_bench.locks import Lock
from moco_bench.suite.on_disk.finished import pointer
from moco_bench.suite.runs import Run

LOCK = "lock"


def holder_of(checkpoints: Path) -> str:
    """A description of the process that holds the lock of the run with these checkpoints."""
    return Lock(checkpoints / LOCK).holder()


@contextmanager
def sole_writer(checkpoints: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of the run with these checkpoints; wait while another process holds it.

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


@contextmanager
def sole_trainer(run: Run, results: Path, on_wait: Callable[[str], None] = lambda who: None) -> Iterator[None]:
    """Hold the lock of this fingerprint, so that suites that share a run and run at the same time train it once.

    Whoever waited finds a finished run to take over. A repeated seed waits for nobody: that it is trained again is its
    point.

    Args:
        run: whose lock is held.
        results: folder of all results.
        on_wait: called once if the lock isn't free, with words for who has it.
    """
    if run.replicate > 1:
        yield
        return
    path = pointer(run, results).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Lock(path)
    if not lock.acquire():
        on_wait(lock.holder())
        lock.acquire(wait=True)
    try:
        yield
        if pointer(run, results).exists():  # nobody will train it again, so nobody needs this file
            path.unlink(missing_ok=True)
    finally:
        lock.release()
