"""Calls in processes that have done nothing yet: what earlier work freed must not count as the next one's memory."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def in_fresh_processes(function: Callable[..., T], calls: Sequence[tuple[Any, ...]], *, side_by_side: int) -> list[T]:
    """Call a module's function once in a new process for each tuple of arguments; results in the order of `calls`.

    New interpreters and not forks: a fork has its libraries' pages mapped anew, and so another resident set than the
    process of a training run. Arguments and results are pickled. The first exception ends it all.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(side_by_side, mp_context=context, max_tasks_per_child=1) as pool:
        return [future.result() for future in [pool.submit(function, *call) for call in calls]]
