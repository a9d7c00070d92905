"""Shows the progress of a long job: a bar on a terminal, plain lines in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, TextIO

from tqdm import tqdm

from moco_bench.suite.runs import Run
from moco_bench.train.pulse import Pulse


class _Bar(tqdm):  # type: ignore[type-arg]  # generic for type checkers alone
    monitor_interval = 0  # no thread beside it: where memory has run out, starting one waits for ever


_Bar.set_lock(RLock())  # its own lock works between processes, and starts one to watch over it


def say(line: str, stream: TextIO | None = None) -> None:
    """Print a line, to standard output by default: that nobody reads it any more is no reason to end a long job."""
    with suppress(OSError):  # `| head` has its lines, a terminal was closed, the disk of a log is full
        print(line, file=stream, flush=True)


@contextmanager
def told_parts(title: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that announces each part of a job: a running line on a terminal, plain lines in a log.

    It writes to standard error: standard output is for what a command has made.
    """
    bar = _Bar(desc=title, unit=" parts", disable=not sys.stderr.isatty())

    def tell(what: str) -> None:
        if bar.disable:
            say(f"{title}: {what}", sys.stderr)
            return
        with suppress(OSError):
            bar.set_postfix_str(what)
            bar.update()

    with _closed(bar):
        yield tell


@contextmanager
def told_epochs(wanted: Run, results: Path, *, shown: bool = True) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield a function that reports epochs: a bar on a terminal, plain lines in a log, a file for `status --watch`."""
    if not shown:
        yield lambda row: None
        return
    bar = _Bar(total=wanted.train.trained_epochs, unit="epoch", desc=wanted.id, disable=not sys.stderr.isatty())

    pulse = Pulse(wanted.checkpoints(results), wanted.fingerprint, wanted.train.trained_epochs)

    def on_epoch(row: dict[str, Any]) -> None:
        pulse.beat(row)
        figures = f"loss {row['train_loss']:.3f}, {row['images_per_second']:.0f} images/s"
        if bar.disable:
            say(f"{wanted.id}: epoch {row['epoch']} of {wanted.train.trained_epochs}, {figures}")
            return
        with suppress(OSError):
            bar.update(row["epoch"] - bar.n)
            bar.set_postfix_str(figures)

    with _closed(bar):
        yield on_epoch


@contextmanager
def _closed(bar: _Bar) -> Iterator[None]:
    """Close the bar at the end, on a terminal that may be gone by then."""
    try:
        yield
    finally:
        with suppress(OSError):
            bar.close()


def tell_of_wait(run: Run, who: str) -> None:
    """Say which process is at work on this run, so that this one waits."""
    say(f"{run.id}: {who} is at work on this run; waiting until it ends", sys.stderr)


def tell_of_twin(run: Run, who: str) -> None:
    """Say that another suite trains the same run, which this one then takes over."""
    say(f"{run.id}: {who} trains the same run for another suite; waiting for its result", sys.stderr)
