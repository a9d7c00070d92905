"""Signals that request a stop, as a flag that the loop reads between two steps."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from moco_bench.errors import INTERRUPTED, Interrupted

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
"""TERM of a batch system, INT of Ctrl-C, HUP of a closed terminal, USR1 of Slurm's `--signal=USR1@60`."""


@contextmanager
def stop_on_signals() -> Iterator[list[str]]:
    """Within it these signals request a stop instead of ending the process: their names are put into the list.

    A second signal doesn't shorten the wait: the step in progress and its checkpoint take seconds, and half of either
    is worth nothing. KILL remains for the impatient.
    """
    names: list[str] = []
    with handled_by(lambda number, frame: names.append(signal.Signals(number).name)):
        yield names


@contextmanager
def interrupted_by_signals(what: str) -> Iterator[None]:
    """Within it these signals raise `Interrupted`, for work that is simply repeated; `what` names it."""

    def handle(number: int, frame: FrameType | None) -> None:
        for each in STOPS:  # a second one on the way out would be a second `Interrupted`, in the middle of tidying up
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(f"{what} interrupted by {signal.Signals(number).name}; the same command continues")

    with handled_by(handle):
        yield


def end_at_once(number: int, frame: FrameType | None) -> None:
    """Handle a signal of a command that only begins: an exception may get lost on its way out of an import."""
    for each in STOPS:
        signal.signal(each, signal.SIG_IGN)
    os.write(2, f"moco-bench: interrupted by {signal.Signals(number).name}; the same command continues\n".encode())
    os._exit(INTERRUPTED)


@contextmanager
def handled_by(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Within it these signals call `handle`.

    A HUP that is ignored stays ignored: `nohup` says that the command is to outlive its terminal. After `Interrupted`
    all of them are ignored: the command is ending, and a second signal would take its exit code and its line from it.
    """
    numbers = [number for number in STOPS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    previous: dict[signal.Signals, Any] = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    except Interrupted:
        previous = dict.fromkeys(previous, signal.SIG_IGN)
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
