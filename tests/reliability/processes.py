"""Commands of the package in processes of their own, which can be killed at an exact place or from outside.

A fork server with everything imported starts a process in a few hundredths of a second instead of seconds, so that a
test suite can afford hundreds of kills. A process counts the places that it passes where a kill could do harm; at a
place chosen beforehand it sends itself a real signal.
"""

import multiprocessing
import os
import random
import resource
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

PRELOADED = (
    "importlib.readers",
    "torch",
    "pandas",
    "sklearn.datasets",
    "torchvision.models.resnet",
    "moco_bench.cli.main",
    "moco_bench.cli.collect",
    "moco_bench.cli.evaluate",
    "moco_bench.cli.prepare",
    "moco_bench.cli.pretrain",
    "moco_bench.jobs.pretrain",
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
    """A signal that a process sends itself when it comes to a place for the so many-th time."""

    place: str
    times: int
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
    """Memory that is taken and given back before the command begins."""
    spare_mib: int | None = None
    """Memory that the process may take beyond what it has at its start."""
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
        with suppress(ProcessLookupError):  # it was faster
            (os.killpg if group else os.kill)(self._process.pid, number)

    def wait(self) -> Outcome:
        """Wait for the end."""
        self._process.join(120)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
            raise AssertionError(f"did not end in two minutes:\n{self._log.read_text()}")
        assert self._process.exitcode is not None
        return Outcome(self._process.exitcode, self._log.read_text())


UNDISTURBED = Setting()


def start(arguments: list[str], log: Path, setting: Setting = UNDISTURBED) -> Running:
    """Start `moco-bench ARGUMENTS`; what it prints goes to `log`."""
    for path in (log, setting.trace):
        if path is not None:  # there also if the process is killed before its first breath
            path.write_text("")
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
    if setting.spare_mib is not None:
        mapped = psutil.Process().memory_info().vms + (setting.spare_mib << 20)
        resource.setrlimit(resource.RLIMIT_AS, (mapped, mapped))
    if setting.user is not None:
        os.setgroups([])
        os.setgid(setting.user)
        os.setuid(setting.user)
    sys.exit(main(arguments))


def _count_places(fault: Fault | None, trace: Path | None) -> None:
    """Wrap the functions where a kill could do harm.

    A kill before a file is flushed cuts the file in two first: such is a file whose writer was killed while it wrote.
    """
    from moco_bench.evaluate.softmax_regression import SoftmaxRegression
    from moco_bench.models.encoder import Encoder
    from moco_bench.train import loop

    notes = os.open(os.devnull if trace is None else trace, os.O_WRONLY | os.O_TRUNC)
    times: Counter[str] = Counter()

    def passed(name: str) -> bool:
        os.write(notes, f"{name}\n".encode())
        times[name] += 1
        return fault is not None and (fault.place, fault.times) == (name, times[name])

    def strike() -> None:
        assert fault is not None
        os.kill(os.getpid(), fault.signal)

    def announced(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if passed(name):
                strike()
            return function(*args, **kwargs)

        return call

    flush, replace, remove = os.fsync, os.replace, os.unlink

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            temporary = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
            if passed(f"half of {_intended(temporary)} written"):
                if fault is not None and fault.signal == signal.SIGKILL:
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
                strike()
        flush(descriptor)

    def rename(source: Path, target: Path) -> None:
        if passed(f"before {target.name} is there"):
            strike()
        replace(source, target)
        if passed(f"{target.name} is there"):
            strike()

    def unlink(path: Path, **more: Any) -> None:
        if os.path.exists(path) and passed(f"before {Path(path).name} is removed"):
            strike()
        remove(path, **more)

    os.fsync, os.replace, os.unlink = fsync, rename, unlink  # type: ignore[assignment]
    loop.training_step = announced("step", loop.training_step)  # type: ignore[attr-defined]
    loop.enqueue = announced("weights updated, queue not", loop.enqueue)  # type: ignore[attr-defined]
    in_evaluation = announced("evaluated batch", Encoder.features)
    in_training = Encoder.features
    Encoder.features = (  # type: ignore[method-assign]
        lambda self, images: (in_training if self.training else in_evaluation)(self, images)
    )
    SoftmaxRegression.scores = announced("step of the probe", SoftmaxRegression.scores)  # type: ignore[method-assign]


def _intended(temporary: str) -> str:
    """`latest.ckpt` of `.latest.ckpt.HOST.PROCESS.tmp`; a fingerprint in a name is left out."""
    return temporary.removeprefix(".").rsplit(".", 3)[0]


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
