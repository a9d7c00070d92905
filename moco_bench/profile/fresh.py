"""Calls in fresh processes: memory that earlier work freed must not count for the next measurement."""

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, TypeVar

from moco_bench.errors import Interrupted
from moco_bench.train.signals import STOPS

T = TypeVar("T")


@dataclass(frozen=True)
class _Worker:
    """A process that makes the call number `place` and sends its outcome through `answers`."""

    place: int
    process: BaseProcess
    answers: Connection


def in_fresh_processes(function: Callable[..., T], calls: Sequence[tuple[Any, ...]], *, side_by_side: int) -> list[T]:
    """Call a module's function once in a new process for each tuple of arguments; results in the order of `calls`.

    New interpreters and not forks: a fork has its libraries' pages mapped anew, and so another resident set than the
    process of a training run. Arguments and results are pickled. The first exception ends it all, an interrupt too:
    what hasn't begun never does, and the processes at work are killed. Call it from the main thread.

    Raises:
        ChildProcessError: a process ended without an answer.
        Interrupted: INT or TERM ended a process.
    """
    results: dict[int, T] = {}
    at_work: list[_Worker] = []
    waiting = list(enumerate(calls))
    try:
        while waiting or at_work:
            while waiting and len(at_work) < side_by_side:
                place, arguments = waiting.pop(0)
                with _stops_held_back():
                    at_work.append(_start(place, function, arguments))
            answered = wait([worker.answers for worker in at_work])
            for worker in [worker for worker in at_work if worker.answers in answered]:
                results[worker.place] = _answer(worker, len(calls))
                at_work.remove(worker)
        return [results[place] for place in range(len(calls))]
    finally:
        with _stops_held_back():
            for worker in at_work:
                worker.process.kill()
            for worker in at_work:
                worker.process.join()


def _start(place: int, function: Callable[..., T], arguments: tuple[Any, ...]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    answers, told = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(told, function, arguments), daemon=True)
    process.start()
    told.close()  # with the worker's end the pipe ends, too
    return _Worker(place, process, answers)


def _work(told: Connection, function: Callable[..., T], arguments: tuple[Any, ...]) -> None:
    """Run a worker's call and send its outcome."""
    answer: T | Exception
    try:
        succeeded, answer = True, function(*arguments)
    except Exception as error:
        error.add_note(traceback.format_exc())  # a traceback isn't pickled
        succeeded, answer = False, error
    with suppress(BrokenPipeError):  # the parent process has ended
        told.send((succeeded, answer))


def _answer(worker: _Worker, count: int) -> Any:
    """A worker's result; raises the worker's exception, or one about how it ended."""
    try:
        succeeded, answer = worker.answers.recv()
    except (EOFError, OSError):  # before it had begun or in the middle of its answer
        worker.process.join()
        raise _ended(worker.process.exitcode or 0, f"process {worker.place + 1} of {count}") from None
    worker.answers.close()
    worker.process.join()
    if not succeeded:
        raise answer
    return answer


def _ended(code: int, which: str) -> BaseException:
    """The exception for a worker that ended without an answer; the exit code is negative for a signal."""
    if code >= 0:
        return ChildProcessError(f"{which} ended without a result, with exit code {code}")
    try:
        name = signal.Signals(-code).name
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    if -code in STOPS:
        return Interrupted(f"{which} interrupted by {name}")
    guess = ": the machine most likely ran out of memory" if -code == signal.SIGKILL else ""
    return ChildProcessError(f"{which} was killed by {name}{guess}")


@contextmanager
def _stops_held_back() -> Iterator[None]:
    """Within it signals that ask for a stop are deferred, so that no process is left half started or half killed.

    A process that is started within never sees INT: Ctrl-C is sent to all of a terminal's processes, and each would
    print a traceback. This one ends them.
    """
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    resource_tracker.ensure_running()  # to start it in between would let INT through again
    handlers = {number: signal.signal(number, note) for number in STOPS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited, unlike a handler
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
