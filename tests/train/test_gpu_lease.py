import multiprocessing
import time

import pytest
from filelock import FileLock, Timeout

from moco_bench.train import gpu_lease
from moco_bench.train.gpu_lease import leased_device

TWO = ("GPU-a", "GPU-b")


def test_each_run_gets_a_device_of_its_own(tmp_path):
    def lease():
        return leased_device("auto", environment={}, physical=TWO, folder=tmp_path)

    with lease() as first, lease() as second:
        assert {first, second} == {"cuda:0", "cuda:1"}
    with lease() as again, lease() as other:
        assert (again, other) == ("cuda:0", "cuda:1")


def test_the_folder_is_open_to_all_users_of_the_machine(tmp_path):
    folder = tmp_path / "leases"
    with leased_device("auto", environment={}, physical=TWO, folder=folder):
        assert folder.stat().st_mode & 0o777 == 0o777
        assert (folder / "GPU-a.lock").stat().st_mode & 0o666 == 0o666


def hold(folder, held, seconds):
    with leased_device("cuda", environment={}, physical=TWO[:1], folder=folder):
        held.set()
        time.sleep(seconds)


@pytest.mark.slow  # starts processes
def test_the_next_waits_and_a_killed_holder_frees_its_device(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_lease, "POLL_SECONDS", 0.05)
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=hold, args=(tmp_path, held, 60))
    holder.start()
    assert held.wait(30)
    began = time.monotonic()
    holder.kill()
    holder.join()

    with leased_device("cuda", environment={}, physical=TWO[:1], folder=tmp_path) as device:
        assert device == "cuda:0"
    assert time.monotonic() - began < 30


def work_and_stay(folder, done, leave):
    with leased_device("cuda", environment={}, physical=TWO[:1], folder=folder):
        pass
    done.set()
    leave.wait(60)


def is_free(path):
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


@pytest.mark.slow  # starts a process
def test_a_device_is_held_until_its_process_ends(tmp_path):
    context = multiprocessing.get_context("spawn")
    done, leave = context.Event(), context.Event()
    holder = context.Process(target=work_and_stay, args=(tmp_path, done, leave))
    holder.start()
    assert done.wait(30)
    assert not is_free(tmp_path / "GPU-a.lock")  # its work is over, its memory isn't given back
    leave.set()
    holder.join()

    assert holder.exitcode == 0
    assert is_free(tmp_path / "GPU-a.lock")


@pytest.mark.parametrize(
    ("requested", "environment", "physical"),
    [
        ("cuda:1", {}, TWO),
        ("cpu", {}, TWO),
        ("auto", {"CUDA_VISIBLE_DEVICES": "1"}, TWO[1:]),
        ("auto", {}, ()),
    ],
)
def test_a_choice_made_outside_is_respected(tmp_path, requested, environment, physical):
    with leased_device(requested, environment=environment, physical=physical, folder=tmp_path) as device:
        assert device == requested
    assert not list(tmp_path.iterdir())
