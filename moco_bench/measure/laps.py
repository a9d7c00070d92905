"""Times of consecutive parts of a task, summed by part: a part ends where the next begins."""

import time
from collections.abc import Callable


class Laps:
    """A clock that is told which part begins; `synchronise` waits for the device before the clock is read."""

    def __init__(self, synchronise: Callable[[], None] = lambda: None) -> None:
        self._synchronise = synchronise
        self._part: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def __call__(self, part: str) -> None:
        """Begin a part; its earlier time, if any, continues."""
        self._read()
        self._part = part

    def stop(self) -> dict[str, float]:
        """End the last part. Seconds by part, in the order of first appearance."""
        self._read()
        self._part = None
        return self.seconds

    def _read(self) -> None:
        self._synchronise()
        now = time.perf_counter()
        if self._part is not None:
            self.seconds[self._part] = self.seconds.get(self._part, 0.0) + now - self._since
        self._since = now
