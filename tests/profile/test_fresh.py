"""Calls in fresh processes: answers, errors, deaths and interrupts. What is called are functions of Python's own."""

import math
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from moco_bench.cli import main as main_module
from moco_bench.errors import Interrupted
from moco_bench.profile.fresh import in_fresh_processes

SLEEPERS = """
import sys, time
from moco_bench.errors import Interrupted
from moco_bench.profile.fresh import in_fresh_processes
from moco_bench.train.signals import interrupted_by_signals

try:
    with interrupted_by_signals("sleep"):
        print("begun", flush=True)
        in_fresh_processes(time.sleep, [(60,)] * 4, side_by_side=2)
except Interrupted as error:
    sys.exit(str(error))
"""


def workers(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children() if any("spawn_main" in word for word in child.cmdline())]


def alive_in_group(group: int) -> list[int]:
    """Processes of a group that haven't ended; one that nobody has asked for its exit code has."""
    found = []
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def test_results_come_in_the_order_of_the_calls_and_each_from_a_process_of_its_own():
    assert in_fresh_processes(math.sqrt, [(4.0,), (9.0,), (16.0,)], side_by_side=2) == [2.0, 3.0, 4.0]
    processes = in_fresh_processes(os.getpid, [(), (), ()], side_by_side=1)
    assert len({os.getpid(), *processes}) == 4
    assert not any(psutil.pid_exists(process) for process in processes)
    assert in_fresh_processes(os.getpid, [], side_by_side=1) == []


def test_an_error_is_raised_here_with_its_traceback_and_ends_the_others():
    began = time.monotonic()
    with pytest.raises(TypeError) as raised:
        in_fresh_processes(time.sleep, [(60,), ("long",), (60,)], side_by_side=2)
    assert "fresh.py" in raised.value.__notes__[0]
    assert time.monotonic() - began < 30
    assert workers(psutil.Process()) == []


@pytest.mark.parametrize(
    ("number", "error", "said"),
    [
        (signal.SIGKILL, ChildProcessError, r"^process 2 of 2 was killed by SIGKILL: .* ran out of memory$"),
        (signal.SIGSEGV, ChildProcessError, r"^process 2 of 2 was killed by SIGSEGV$"),
        (signal.SIGTERM, Interrupted, r"^process 2 of 2 interrupted by SIGTERM$"),
    ],
)
def test_a_process_that_is_killed(number, error, said):
    with pytest.raises(error, match=said):
        in_fresh_processes(signal.raise_signal, [(0,), (number,)], side_by_side=1)


def test_a_process_that_ends_by_itself():
    with pytest.raises(ChildProcessError, match=r"^process 1 of 1 ended without a result, with exit code 3$"):
        in_fresh_processes(os._exit, [(3,)], side_by_side=1)


def test_for_the_command_a_killed_process_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(
        main_module, "_run", lambda given: in_fresh_processes(signal.raise_signal, [(9,)], side_by_side=1)
    )
    assert main_module.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("moco-bench: process 1 of 1 was killed by SIGKILL")
    assert said.count("\n") == 1


@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "kill"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at_once", [True, False], ids=["starting", "at-work"])
def test_an_interrupt_ends_all_at_once_and_says_one_line(number, at_once, whole_group):
    """Ctrl-C goes to all processes of a terminal, those that are being imported included."""
    started = subprocess.Popen(
        [sys.executable, "-c", SLEEPERS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert started.stdout.readline() == "begun\n"
    process = psutil.Process(started.pid)
    deadline = time.monotonic() + 30
    while len(found := workers(process)) < (1 if at_once else 2):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    if not at_once:
        time.sleep(1)
    began = time.monotonic()
    (os.killpg if whole_group else os.kill)(started.pid, number)
    _, said = started.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert started.returncode == 1
    assert "interrupted by" in said
    assert said.count("\n") == 1, said
    assert not any(worker.is_running() for worker in found)
    while alive_in_group(started.pid):  # Python's own helper sees that all are gone, and goes
        assert time.monotonic() - began < 5
        time.sleep(0.01)


def test_interrupts_come_through_again_afterwards():
    """With a handler of the test's own: who runs tests in the background may have INT ignored."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        in_fresh_processes(math.sqrt, [(4.0,)], side_by_side=1)
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, usual)
