"""Locks that name their holder, on file systems that have locks and on those that have none."""

import errno
import fcntl
import os
import subprocess
import sys

import filelock
import pytest

from moco_bench.locks import Lock

HOLD = """
import sys
from pathlib import Path
from moco_bench.locks import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_holder_is_named_and_a_dead_one_holds_nothing(tmp_path):
    lock = Lock(tmp_path / "lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert not lock.acquire()
        assert lock.holder().startswith(f"process {holder.pid} on ")
        holder.kill()
        holder.wait()
    assert lock.acquire()
    assert lock.holder().startswith(f"process {os.getpid()} on ")
    lock.release()
    assert lock.holder() == "another process"


@pytest.mark.parametrize(
    "refusal",
    [
        OSError(errno.ENOLCK, "No locks available"),
        OSError(errno.ENOTSUP, "not supported"),
        NotImplementedError("flock"),
    ],
    ids=repr,
)
def test_a_file_system_without_locks_is_worked_on_with_a_warning(tmp_path, monkeypatch, refusal):
    def refuse(*given, **more):
        raise refusal

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    lock = Lock(tmp_path / "lock")

    with pytest.warns(UserWarning, match="this file system has no locks"):
        assert lock.acquire()
    lock.release()


def test_a_kernel_that_cannot_lock_is_no_reason_for_a_marker_that_outlives_its_holder(tmp_path, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")

    for lock in (first, second):  # the first as one of a killed process on another machine
        with pytest.warns(UserWarning, match="this file system has no locks"):
            assert lock.acquire()
    second.release()


def test_other_errors_are_errors(tmp_path):
    (tmp_path / "lock").mkdir()

    with pytest.raises(OSError, match="lock"):
        Lock(tmp_path / "lock").acquire()


def test_a_holder_that_cannot_be_written_down_holds_the_lock_all_the_same(tmp_path):
    (tmp_path / "lock.holder").mkdir()

    lock = Lock(tmp_path / "lock")
    assert lock.acquire()
    assert not Lock(tmp_path / "lock").acquire()
