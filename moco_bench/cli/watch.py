"""The live grid of `moco-bench status --watch`: a row for each arm, a cell for each run, from files alone."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from moco_bench.suite.plan import PlannedRun
from moco_bench.train.pulse import Sign, read_sign

if TYPE_CHECKING:
    from rich.table import Table

DONE, FAILED, RUNNING, WAITING = "done", "failed", "running", "waiting"
STYLES = {DONE: "green", FAILED: "bold red", RUNNING: "yellow", WAITING: "dim"}


def watch(look: Callable[[], Sequence[PlannedRun]], results: Path, seconds: float = 2.0) -> None:
    """Draw the grid until all runs have ended, or until Ctrl-C."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            planned = look()
            live.update(grid(planned, results), refresh=True)
            if all(item.state in (DONE, FAILED) for item in planned):
                return
            time.sleep(seconds)


def grid(planned: Sequence[PlannedRun], results: Path) -> "Table":
    """The grid of the suite's current state."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=_title(planned, results), title_justify="left")
    columns = list(dict.fromkeys(_column(item) for item in planned))
    for name in ("data set", "encoder", "arm", *columns):
        table.add_column(name, no_wrap=True)
    rows: dict[tuple[str, str, str], dict[str, Text]] = {}
    for item in planned:
        kind, words = cell(item, results)
        row = rows.setdefault(item.run.place, {})
        row[_column(item)] = Text(words, style=STYLES[kind])
    for place, cells in rows.items():
        table.add_row(*place, *(cells.get(column, Text("")) for column in columns))
    return table


def cell(item: PlannedRun, results: Path) -> tuple[str, str]:
    """A run's state and its text: `done`, `failed`, `40/200, 3 min left`, `waiting`, `stopped at 40/200`."""
    if item.state in (DONE, FAILED):
        return item.state, item.state
    if item.state == "evaluate":
        return RUNNING, "to evaluate"
    sign = read_sign(item.run.checkpoints(results), item.run.fingerprint)
    if sign is None:
        return WAITING, WAITING if item.state != "changed" else "changed"
    if not sign.alive:
        return WAITING, f"stopped at {sign.epoch}/{sign.epochs}"
    return RUNNING, f"{sign.epoch}/{sign.epochs}, {in_words(sign.seconds_left)} left"


def in_words(seconds: float) -> str:
    """A duration in its largest fitting unit: `40 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _column(item: PlannedRun) -> str:
    return item.run.id.rsplit("/", 1)[1]


def _title(planned: Sequence[PlannedRun], results: Path) -> str:
    counts = dict.fromkeys((DONE, RUNNING, WAITING, FAILED), 0)
    longest: list[Sign] = []
    for item in planned:
        counts[cell(item, results)[0]] += 1
        sign = read_sign(item.run.checkpoints(results), item.run.fingerprint)
        longest += [sign] if sign is not None and sign.alive and item.state not in (DONE, FAILED) else []
    left = max((sign.seconds_left for sign in longest), default=0.0)
    words = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"{len(planned)} runs: {words}" + (f"; those at work take {in_words(left)} more" if longest else "")
