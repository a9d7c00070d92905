"""How the processes of one run end together, with pretended processes; real ones: tests/reliability/test_ranks.py."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from moco_bench.train import launch as module
from moco_bench.train.launch import LOST, is_launched, launch


class Process:
    """Has ended with a code, and said something before."""

    def __init__(self, code):
        self.returncode = code

    def poll(self):
        return self.returncode


@pytest.fixture
def launched(monkeypatch):
    def run(*ends):
        def start(arguments, rank, size, store, log, more):
            code, said = ends[rank] if isinstance(ends[rank], tuple) else (ends[rank], "")
            log.write(said.encode())
            assert (arguments, size, more) == (["plan"], len(ends), {"A": "1"})
            return Process(code)

        monkeypatch.setattr(module, "_start", start)
        return launch(["plan"], len(ends), {"A": "1"})

    return run


def test_a_process_knows_that_it_is_one_of_several():
    assert is_launched({"WORLD_SIZE": "2", "RANK": "0"})
    assert not is_launched({"WORLD_SIZE": "2"})
    assert not is_launched({})


@pytest.mark.parametrize(
    ("ends", "code", "message"),
    [
        ((0, 0), 0, ""),
        ((75, 75), 75, ""),
        ((75, LOST), 75, ""),
        ((2, LOST), 2, ""),  # rank 0 has spoken
        ((LOST, (2, "a warning\nmoco-bench: no such file\n\n")), 2, "rank 1 of 2: no such file"),
        ((LOST, 3), 3, "rank 1 of 2: ended with code 3"),
        ((LOST, LOST), 1, "the 2 ranks lost each other"),
        (
            (LOST, -signal.SIGKILL),
            1,
            "rank 1 of 2 was lost (SIGKILL); the same command goes on from the last checkpoint",
        ),
    ],
)
def test_the_first_cause_is_told(launched, ends, code, message):
    assert launched(*ends) == (code, message)


@pytest.mark.parametrize(("ends", "code"), [((75, -signal.SIGTERM), 75), ((-signal.SIGTERM, LOST), 75), ((0, -9), 1)])
def test_a_rank_that_a_stop_ended_before_it_could_answer_is_interrupted(launched, monkeypatch, ends, code):
    wait = module._wait

    def stop_while_waiting(processes):
        os.kill(os.getpid(), signal.SIGTERM)
        return wait(processes)

    monkeypatch.setattr(module, "_wait", stop_while_waiting)
    assert launched(*ends)[0] == code


LAUNCHER = """
import os, subprocess, sys, time
from moco_bench.train.launch import LAUNCHER
rank = "import time; from moco_bench.train.launch import end_with_launcher; end_with_launcher()"
rank = [sys.executable, "-c", f"{rank}; print(1, flush=True); time.sleep(99)"]
started = subprocess.Popen(rank, env={**os.environ, LAUNCHER: str(os.getpid())})
print(started.pid, flush=True)
time.sleep(99)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a promise of Linux alone")
def test_ranks_end_with_a_launcher_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", LAUNCHER], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        rank = psutil.Process(int(launcher.stdout.readline()))
        assert launcher.stdout.readline() == "1\n"
        launcher.kill()
        psutil.wait_procs([rank], timeout=60)
    assert not rank.is_running() or rank.status() == psutil.STATUS_ZOMBIE
