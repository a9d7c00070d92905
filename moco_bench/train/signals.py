"""TERM and INT as a flag that the loop reads between two steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from moco_bench.errors import Interrupted


class StopRequest:
    """Set by the first TERM or INT; true from then on."""

    def __init__(self) -> None:
        self.signal_name: str | None = None

    def __bool__(self) -> bool:
        return self.signal_name is not None


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Within this context TERM and INT ask for a stop instead of ending the process.

    A second signal doesn't shorten the wait: the step in progress and its checkpoint take seconds, and half of either
    is worth nothing. KILL remains for the impatient.
    """
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        request.signal_name = signal.Signals(number).name

    previous = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def interrupted_by_signals(what: str) -> Iterator[None]:
    """Within this context TERM and INT raise `Interrupted`, for work that is simply done again; `what` names it."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise Interrupted(f"{what} interrupted by {signal.Signals(number).name}")

    previous = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
