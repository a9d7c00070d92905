"""One writer per run: two of them, such as a killed workflow's orphan and a new process, would corrupt files.

And one trainer per fingerprint, whichever suites ask for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from moco_bench.files import remove_temporary_files
from moco_bench.locks import Lock
from moco_bench.suite.on_disk.finished import pointer
from moco_bench.suite.runs import Run

OnWait = Callable[[str], object]
"""Called once if a lock isn't free, with words for who has it."""


@contextmanager
def sole_writer(
    checkpoints: Path, on_wait: OnWait = lambda who: None, *, directory: Path | None = None
) -> Iterator[None]:
    """Hold the lock of the run with these checkpoints, a folder that is made; wait while another process holds it.

    The kernel frees the lock when its holder ends, however it ends; the file itself means nothing. Whoever waited finds
    what the other left, a checkpoint or a finished run, and goes on from there; half-written files, here and in the
    run's `directory`, are removed.
    """
    with _held(checkpoints / "lock", on_wait):
        for folder in (checkpoints, directory):
            if folder is not None:
                remove_temporary_files(folder)
        yield


@contextmanager
def sole_trainer(run: Run, results: Path, on_wait: OnWait = lambda who: None) -> Iterator[None]:
    """Hold the lock of this fingerprint, so that suites that share a run and run at the same time train it once.

    Whoever waited finds a finished run to take over. A repeated seed waits for nobody: that it is trained again is its
    point.
    """
    if run.replicate > 1:
        yield
        return
    path = pointer(run, results).with_suffix(".lock")
    with _held(path, on_wait):
        yield
        if pointer(run, results).exists():  # nobody will train it again, so nobody needs this file
            path.unlink(missing_ok=True)


@contextmanager
def _held(path: Path, on_wait: OnWait) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Lock(path)
    if not lock.acquire():
        on_wait(lock.holder())
        lock.acquire(wait=True)
    try:
        yield
    finally:
        lock.release()
