"""All figures of a page as SVG and PNG, made side by side where more than one core is free (decision 053).

Figures are more than half of the work of a report, wait for nothing, and each one's bytes depend on the results alone.
So forked processes, which find the results in the memory that they begin with, make one figure each at a time.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

import pandas as pd

from moco_bench.report.figures.style import Plot, as_png, as_svg
from moco_bench.report.results import Results

Builder = Callable[[Results], Plot | None]

MOST = 4
"""Processes: more would only wait for the largest figure."""


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: drawn, with the words and the data of its `Plot`."""

    name: str
    title: str
    caption: str
    alt: str
    data: pd.DataFrame
    svg: str
    png: bytes


def draw_all(builders: Sequence[Builder], results: Results) -> dict[Builder, Drawing | None]:
    """Each builder's figure, None where it has no data; the same bytes from one process or several."""
    processes = min(_spare_processes(), len(builders))
    if processes > 1:
        try:
            return dict(zip(builders, _side_by_side(builders, results, processes), strict=True))
        except (BrokenProcessPool, OSError):  # one was killed for its memory, or there is no process to be had
            pass
    return {build: draw(build, results) for build in builders}


def draw(build: Builder, results: Results) -> Drawing | None:
    """One figure; both formats share its layout."""
    plot = build(results)
    if plot is None:
        return None
    return Drawing(plot.name, plot.title, plot.caption, plot.alt, plot.data, as_svg(plot), as_png(plot))


def _spare_processes() -> int:
    """How many can draw at a time: as many as find a core that nobody else uses now, this one among them.

    One beside other threads and away from Linux, where forking isn't safe.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return max(1, min(len(os.sched_getaffinity(0)) - _running_elsewhere(), MOST))


def _running_elsewhere() -> int:
    """Threads of the whole machine that run or would run at this moment, but for this one."""
    try:
        with open("/proc/loadavg", encoding="ascii") as handle:
            return int(handle.read().split()[3].partition("/")[0]) - 1
    except (OSError, ValueError, IndexError):
        return 0


def _side_by_side(builders: Sequence[Builder], results: Results, processes: int) -> list[Drawing | None]:
    pool = ProcessPoolExecutor(processes, get_context("fork"), initializer=_keep, initargs=(tuple(builders), results))
    with pool, warnings.catch_warnings():
        # Python 3.12 warns of any thread; those of NumPy's BLAS end before a fork and begin anew when they are needed.
        warnings.simplefilter("ignore", DeprecationWarning)
        return list(pool.map(_draw_kept, range(len(builders))))


_KEPT: list[tuple[Sequence[Builder], Results]] = []
"""In a forked process: what it may be asked to draw. It is never sent, only found in memory."""


def _keep(builders: Sequence[Builder], results: Results) -> None:
    _KEPT[:] = [(builders, results)]


def _draw_kept(place: int) -> Drawing | None:
    builders, results = _KEPT[0]
    return draw(builders[place], results)
