"""Starts the processes of one run on this machine, forwards signals, and ends all if one is lost. No torch.

`torchrun` does the same over several machines; a job of one machine needs nothing but the usual command.
"""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from moco_bench.errors import INTERRUPTED
from moco_bench.train.signals import STOPS, handled_by

RENDEZVOUS = "MOCO_BENCH_RENDEZVOUS"
"""Environment variable with the address at which the processes of `launch` find each other."""

LAUNCHER = "MOCO_BENCH_LAUNCHER"
"""Environment variable with the number of the process that is `launch`."""
_PR_SET_PDEATHSIG = 1

POLL_SECONDS = 0.1
SECONDS_TO_SAVE = 120.0
"""Grace for the others after one has stopped on request: rank 0 may be writing a checkpoint."""
SECONDS_TO_NOTICE = 5.0
"""Grace for the others after one has failed."""

DONE, FAILED = 0, 1
LOST = 70
"""Exit code of a process of `launch` that can't continue because another has ended; others see `FAILED`."""


def is_launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is one of several, started by torchrun or `launch`."""
    return "WORLD_SIZE" in environment and "RANK" in environment


def end_with_launcher(environment: Mapping[str, str] = os.environ) -> None:
    """Let a process of `launch` be asked to stop when that ends, even by KILL: others may take its devices then.

    The kernel does it on Linux; elsewhere the process goes on.
    """
    if sys.platform == "linux" and LAUNCHER in environment:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(environment[LAUNCHER]):  # it ended before this
            os.kill(os.getpid(), signal.SIGTERM)


def launch(arguments: Sequence[str], size: int, more: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `moco-bench ARGUMENTS` in `size` processes until all have ended, with `more` in their environment.

    Returns:
        The exit code of them all, and a message where rank 0 did not cause it, else nothing.
    """
    with tempfile.TemporaryDirectory(prefix="moco-bench-ranks-") as folder:
        logs = [open(Path(folder, f"rank{rank}.log"), "w+b") for rank in range(size)]  # noqa: SIM115
        processes: list[subprocess.Popen[bytes]] = []
        stopped: list[int] = []

        def pass_on(number: int, frame: FrameType | None) -> None:
            stopped.append(number)
            for process in processes:
                if process.poll() is None:
                    process.send_signal(number)

        try:
            with handled_by(pass_on):
                for rank in range(size):
                    processes.append(_start(arguments, rank, size, Path(folder, "store"), logs[rank], more or {}))
                if stopped:  # it came while they were being started
                    pass_on(stopped[0], None)
                return _judge(processes, _wait(processes), logs, stopping=bool(stopped))
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            for log in logs:
                log.close()


def _start(
    arguments: Sequence[str], rank: int, size: int, store: Path, log: IO[bytes], more: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        **more,
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(size),
        RENDEZVOUS: f"file://{store}",
        LAUNCHER: str(os.getpid()),
    }
    if sys.platform == "linux":  # a machine whose own name leads nowhere is common among containers
        environment.setdefault("GLOO_SOCKET_IFNAME", "lo")
    return subprocess.Popen(
        [sys.executable, "-m", "moco_bench.cli.main", *arguments],
        env=environment,
        stderr=None if rank == 0 else log,  # rank 0 speaks for all
        stdout=None if rank == 0 else subprocess.DEVNULL,
    )


def _wait(processes: Sequence["subprocess.Popen[bytes]"]) -> set[int]:
    """Wait for all; some time after the first failure, kill the rest. Returns the ranks that were killed."""
    deadline, ended = float("inf"), set()
    while any(process.poll() is None for process in processes):
        codes = [process.returncode for process in processes]
        if deadline == float("inf") and any(code not in (None, DONE) for code in codes):
            grace = SECONDS_TO_SAVE if INTERRUPTED in codes else SECONDS_TO_NOTICE
            deadline = time.monotonic() + grace
        if time.monotonic() > deadline:
            for rank, process in enumerate(processes):
                if process.poll() is None:
                    ended.add(rank)
                    process.kill()
        time.sleep(POLL_SECONDS)
    return ended


def _judge(
    processes: Sequence["subprocess.Popen[bytes]"], ended: set[int], logs: Sequence[IO[bytes]], *, stopping: bool
) -> tuple[int, str]:
    codes = {rank: process.returncode for rank, process in enumerate(processes)}
    if stopping:  # a signal that came before a rank could answer it ended it
        codes = {rank: INTERRUPTED if -code in STOPS else code for rank, code in codes.items()}
    of_all = len(codes)
    for rank, code in codes.items():
        if code < 0 and rank not in ended:
            name = signal.Signals(-code).name
            told = f"rank {rank} of {of_all} was lost ({name}); the same command goes on from the last checkpoint"
            return FAILED, told
    if INTERRUPTED in codes.values():
        return INTERRUPTED, ""
    own = {rank: code for rank, code in codes.items() if code not in (DONE, LOST) and rank not in ended}
    if not own:
        return (FAILED, f"the {of_all} ranks lost each other") if LOST in codes.values() else (DONE, "")
    rank, code = next(iter(own.items()))
    if rank == 0:
        return code, ""
    said = _last_line(logs[rank]).removeprefix("moco-bench: ")
    return code, f"rank {rank} of {of_all}: {said or f'ended with code {code}'}"


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
