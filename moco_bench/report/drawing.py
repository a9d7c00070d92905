"""All figures of a page as SVG and PNG, made side by side where more than one core is free (decision 053).

Figures are more than half of the work of a report, wait for nothing, and each one's bytes depend on the results alone.
So forked processes, which find the results in the memory that they begin with, make one figure each at a time.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context

import pandas as pd

from moco_bench.report.figures.style import Plot, as_png, as_svg
from moco_bench.report.results import Results

Builder = Callable[[Results], Plot | None]

Drawn = Callable[[Builder], "Drawing | None"]
"""Waits for a builder's figure."""

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


@contextmanager
def begin_drawing(builders: Sequence[Builder], results: Results) -> Iterator[Drawn]:
    """Begin with every figure at once and give a function that waits for one; meanwhile the page's words can be made.

    A builder without data has None. Bytes are the same from one process or several; alone, a figure is made when it is
    asked for.
    """
    processes = min(_spare_processes(), len(builders))
    if processes < 2:
        yield lambda build: draw(build, results)
        return
    pool = ProcessPoolExecutor(processes, get_context("fork"), initializer=_keep, initargs=(tuple(builders), results))
    try:
        begun = _begin(pool, builders)

        def drawn(build: Builder) -> Drawing | None:
            if build in begun:
                with suppress(BrokenProcessPool, OSError):  # one was killed for its memory
                    return begun[build].result()
            return draw(build, results)

        yield drawn
    finally:
        pool.shutdown(cancel_futures=True)


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


def _begin(pool: ProcessPoolExecutor, builders: Sequence[Builder]) -> dict[Builder, Future[Drawing | None]]:
    """What each builder's figure will be, of as many as there were processes for."""
    begun = {}
    with suppress(BrokenProcessPool, OSError), warnings.catch_warnings():
        # Python 3.12 warns of any thread; those of NumPy's BLAS end before a fork and begin anew when they are needed.
        warnings.simplefilter("ignore", DeprecationWarning)
        for place, build in enumerate(builders):
            begun[build] = pool.submit(_draw_kept, place)
    return begun


_KEPT: list[tuple[Sequence[Builder], Results]] = []
"""In a forked process: what it may be asked to draw. It is never sent, only found in memory."""


def _keep(builders: Sequence[Builder], results: Results) -> None:
    _KEPT[:] = [(builders, results)]


def _draw_kept(place: int) -> Drawing | None:
    builders, results = _KEPT[0]
    return draw(builders[place], results)
