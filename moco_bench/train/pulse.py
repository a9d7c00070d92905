"""Progress of a run, written beside its checkpoints for `status --watch`, here or over a shared disk.

It decides nothing: a run goes on from its checkpoint, whatever stands here.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moco_bench.files import canonical_json, mapping_if_any

FILE = "progress.json"
SECONDS_BETWEEN = 1.0
"""Minimum time between two writes, whatever an epoch takes."""

SILENCE = 180.0
"""A run that has been silent for this many seconds plus three epochs is considered stopped."""


class Pulse:
    """Writes the progress of one run at the end of its epochs."""

    def __init__(self, checkpoints: Path, fingerprint: str, epochs: int) -> None:
        self._path, self._fingerprint, self._epochs = checkpoints / FILE, fingerprint, epochs
        self._last = float("-inf")

    def beat(self, row: Mapping[str, Any]) -> None:
        """Write the progress after an epoch; `row` is the history's. A failing disk is no reason to stop."""
        now, over = time.monotonic(), row["epoch"] >= self._epochs
        if now - self._last < SECONDS_BETWEEN and not over:
            return
        self._last = now
        said = {
            "fingerprint": self._fingerprint,
            "epoch": row["epoch"],
            "epochs": self._epochs,
            "epoch_seconds": row["seconds"],
        }
        with suppress(OSError):  # not flushed: it is worth nothing after a power cut
            temporary = self._path.with_name(f".{FILE}.tmp")
            temporary.write_text(canonical_json(said), encoding="utf-8")
            temporary.replace(self._path)


@dataclass(frozen=True)
class Sign:
    """The last known progress of a run.

    Attributes:
        epoch: epochs that are over.
        epochs: of all.
        epoch_seconds: of the last one.
        alive: whether it came lately.
    """

    epoch: int
    epochs: int
    epoch_seconds: float
    alive: bool

    @property
    def seconds_left(self) -> float:
        """Seconds left if all epochs take as long as the last one; evaluation is not counted."""
        return (self.epochs - self.epoch) * self.epoch_seconds


def read_sign(checkpoints: Path, fingerprint: str, now: float | None = None) -> Sign | None:
    """The last progress of the run with this fingerprint; None where there is none."""
    path = checkpoints / FILE
    try:
        said, written = mapping_if_any(path), path.stat().st_mtime
        epoch, epochs, seconds = int(said["epoch"]), int(said["epochs"]), float(said["epoch_seconds"])
    except (OSError, KeyError, TypeError, ValueError):
        return None
    if said.get("fingerprint") != fingerprint:
        return None
    silence = (time.time() if now is None else now) - written
    return Sign(epoch, epochs, seconds, alive=silence < SILENCE + 3 * seconds)
