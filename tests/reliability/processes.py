"""Commands of the package in processes of their own, which can be killed at an exact place or from outside.

A fork server with everything imported starts a process in a few hundredths of a second instead of seconds, so that a
test suite can afford hundreds of kills. A process counts the places that it passes where a kill could do harm; at a
place chosen beforehand it sends itself a real signal.
"""

import itertools
import multiprocessing
import os
import random
import signal
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PRELOADED = (
    "torch",
    "pandas",
    "sklearn.datasets",
    "moco_bench.cli.main",
    "moco_bench.cli.collect",
    "moco_bench.cli.evaluate",
    "moco_bench.cli.prepare",
    "moco_bench.cli.pretrain",
    "moco_bench.analyse.collect",
    "moco_bench.data.datasets",
    "moco_bench.evaluate.floors",
    "moco_bench.evaluate.stored",
    "moco_bench.train.pretrain",
)

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload([*PRELOADED, "processes"])


@dataclass(frozen=True)
class Fault:
    """A signal that a process sends itself when it has passed `place` places."""

    place: int
    signal: int


@dataclass(frozen=True)
class Setting:
    """What else is odd about a process's surroundings."""

    fault: Fault | None = None
    trace: Path | None = None
    """Where the names of the places are written as they are passed, one a line."""
    user: int | None = None
    clock_jumps: bool = False
    ballast_mib: int = 0
    seconds_a_step: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a process ended (a negative code is the signal that ended it) and all that it printed."""

    code: int
    printed: str


class Running:
    """A process at work."""

    def __init__(self, process: BaseProcess, log: Path) -> None:
        self._process, self._log = process, log

    def send(self, number: int, *, group: bool = False) -> None:
        """Send a signal from outside, to the process or to its group."""
        assert self._process.pid is not None
        try:
            (os.killpg if group else os.kill)(self._process.pid, number)
        except ProcessLookupError:  # it was faster
            pass

    def wait(self) -> Outcome:
        """Wait for the end."""
        self._process.join(120)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
            raise AssertionError(f"did not end in two minutes:\n{self._log.read_text()}")
        assert self._process.exitcode is not None
        return Outcome(self._process.exitcode, self._log.read_text())


def start(arguments: list[str], log: Path, setting: Setting = Setting()) -> Running:
    """Start `moco-bench ARGUMENTS`; what it prints goes to `log`."""
    process = _server.Process(target=_command, args=(arguments, log, setting))
    process.start()
    return Running(process, log)


def _command(arguments: list[str], log: Path, setting: Setting) -> None:
    """The whole life of such a process."""
    os.setsid()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    from moco_bench.cli.main import main

    _count_places(setting.fault, setting.trace)
    if setting.seconds_a_step:
        _slow_down(setting.seconds_a_step)
    if setting.clock_jumps:
        _make_the_clock_jump()
    if setting.ballast_mib:
        bytearray(os.urandom(1) * (setting.ballast_mib << 20))
    if setting.user is not None:
        os.setgroups([])
        os.setgid(setting.user)
        os.setuid(setting.user)
    sys.exit(main(arguments))


def _count_places(fault: Fault | None, trace: Path | None) -> None:
    """Wrap the functions where a kill could do harm.

    A kill before a file is flushed cuts the file in two first: such is a file whose writer was killed while it wrote.
    """
    from moco_bench.evaluate import metrics
    from moco_bench.train import loop

    notes = open(os.devnull if trace is None else trace, "w", buffering=1)
    count = itertools.count(1)

    def passed(name: str, descriptor: int | None = None) -> None:
        notes.write(f"{name}\n")
        if fault is not None and next(count) == fault.place:
            if descriptor is not None and fault.signal == signal.SIGKILL:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            os.kill(os.getpid(), fault.signal)

    def wrapped(function: Callable[..., Any], before: str | None, after: str | None) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if before is not None:
                passed(before)
            result = function(*args, **kwargs)
            if after is not None:
                passed(after)
            return result

        return call

    flush = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            passed("half written", descriptor)
        flush(descriptor)

    os.fsync = fsync
    os.replace = wrapped(os.replace, "before rename", "after rename")
    os.unlink = wrapped(os.unlink, "before removal", None)
    loop.training_step = wrapped(loop.training_step, "step", None)  # type: ignore[attr-defined]
    loop.enqueue = wrapped(loop.enqueue, "weights updated, queue not", None)  # type: ignore[attr-defined]
    metrics.embed = wrapped(metrics.embed, "evaluation", None)  # type: ignore[attr-defined]


def _slow_down(seconds: float) -> None:
    from moco_bench.train import loop

    step = loop.training_step  # type: ignore[attr-defined]

    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(seconds)
        return step(*args, **kwargs)

    loop.training_step = slow  # type: ignore[attr-defined]


def _make_the_clock_jump() -> None:
    """The wall clock leaps by up to a year at each look, back or forth; a monotonic clock never does."""
    year, now, leap = 365 * 86400.0, time.time, random.Random(0)
    time.time = lambda: now() + leap.uniform(-year, year)
    time.time_ns = lambda: int(time.time() * 1e9)
    look = time.localtime
    time.localtime = lambda seconds=None: look(time.time() if seconds is None else seconds)  # type: ignore[assignment]
