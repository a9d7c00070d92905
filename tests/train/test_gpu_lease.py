import fcntl
import multiprocessing
import os
import time

import pytest

from moco_bench.train import gpu_lease
from moco_bench.train.gpu_lease import leased_device, leased_devices

TWO = ("GPU-a", "GPU-b")


def pretend(names, folder):
    """From now on this process's machine has cards of these names, whose lock files lie in `folder`."""
    gpu_lease._physical_devices, gpu_lease.FOLDER = lambda: list(names), folder
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)


@pytest.fixture(autouse=True)
def two_cards(tmp_path, monkeypatch):
    """Each test begins as a process that holds none of a machine's two cards, and ends as one that holds none."""
    for name in ("_physical_devices", "FOLDER"):
        monkeypatch.setattr(gpu_lease, name, getattr(gpu_lease, name))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    pretend(TWO, tmp_path)
    yield
    for files in gpu_lease._held.values():
        for file in files:
            os.close(file)
    gpu_lease._held.clear()


def test_each_run_gets_a_device_of_its_own():
    with leased_device("auto") as first, leased_device("auto") as second:
        assert {first, second} == {"cuda:0", "cuda:1"}
    with leased_device("auto") as again, leased_device("auto") as other:
        assert (again, other) == ("cuda:0", "cuda:1")


def test_the_folder_is_open_to_all_users_of_the_machine(tmp_path):
    folder = tmp_path / "leases"
    pretend(TWO, folder)
    with leased_device("auto"):
        assert folder.stat().st_mode & 0o777 == 0o777
        assert (folder / "GPU-a.lock").stat().st_mode & 0o666 == 0o666


def forget():
    """From now on this process is to the leases another one."""
    gpu_lease._held.clear()


def test_small_runs_share_a_card_where_that_is_asked_for_and_spread_over_all(tmp_path, monkeypatch):
    places = []
    for _ in range(4):
        with leased_device("auto", runs_per_gpu=2) as device:
            places.append(device)
            forget()
    assert places == ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]
    assert gpu_lease._free([tmp_path / f"{name}.lock" for name in TWO], 1, 2) == []
    assert gpu_lease._free([tmp_path / f"{name}.lock" for name in TWO], 1, 1) == []  # nor one to itself


def test_a_card_that_is_held_alone_is_not_shared(tmp_path):
    pretend(TWO[:1], tmp_path)
    with leased_device("auto"):
        forget()
        assert gpu_lease._free([tmp_path / "GPU-a.lock"], 1, 4) == []


def test_a_run_over_several_devices_gets_all_of_them_or_holds_none(tmp_path):
    paths = [tmp_path / f"{name}.lock" for name in ("GPU-a", "GPU-b", "GPU-c")]
    pretend(TWO[:1], tmp_path)
    with leased_device("auto"):
        forget()
        assert gpu_lease._free(paths[:2], 2, 1) == []
        assert is_free(paths[1])
        pretend(("GPU-a", "GPU-b", "GPU-c"), tmp_path)
        with leased_devices("auto", 2) as environment:
            assert environment == {"CUDA_VISIBLE_DEVICES": "1,2"}
            assert not is_free(paths[1])


def test_devices_that_are_named_are_leased_where_a_run_needs_fewer(tmp_path, monkeypatch):
    pretend(("GPU-d", "GPU-c", "GPU-a"), tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,2, GPU-a")
    with leased_device("auto") as first, leased_device("auto") as second:
        assert (first, second) == ("cuda:0", "cuda:1")  # of those that are visible
        assert not is_free(tmp_path / "GPU-d.lock")
    forget()
    with leased_devices("auto", 1) as environment:
        assert environment == {"CUDA_VISIBLE_DEVICES": "GPU-a"}
        assert not is_free(tmp_path / "GPU-a.lock")


@pytest.mark.parametrize(
    ("requested", "environment"), [("cpu", {}), ("cuda", {"CUDA_VISIBLE_DEVICES": "0,1"}), ("auto", {})]
)
def test_several_devices_chosen_outside_or_too_few_are_left_alone(tmp_path, monkeypatch, requested, environment):
    count = 3 if not environment else 2
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with leased_devices(requested, count) as given:
        assert given == {}
    assert not list(tmp_path.iterdir())


def hold(folder, held, seconds):
    pretend(TWO[:1], folder)
    with leased_device("cuda"):
        held.set()
        time.sleep(seconds)


@pytest.mark.slow  # starts processes
def test_the_next_waits_and_a_killed_holder_frees_its_device(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_lease, "POLL_SECONDS", 0.05)
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=hold, args=(tmp_path, held, 600))
    holder.start()
    assert held.wait(120)
    began = time.monotonic()
    holder.kill()
    holder.join()

    pretend(TWO[:1], tmp_path)
    with leased_device("cuda") as device:
        assert device == "cuda:0"
    assert time.monotonic() - began < 120


def work_and_stay(folder, done, leave):
    pretend(TWO[:1], folder)
    with leased_device("cuda"):
        pass
    done.set()
    leave.wait(600)


def is_free(path):
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


@pytest.mark.slow  # starts a process
def test_a_device_is_held_until_its_process_ends(tmp_path):
    context = multiprocessing.get_context("spawn")
    done, leave = context.Event(), context.Event()
    holder = context.Process(target=work_and_stay, args=(tmp_path, done, leave))
    holder.start()
    assert done.wait(120)
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
def test_a_choice_made_outside_is_respected(tmp_path, monkeypatch, requested, environment, physical):
    pretend(physical, tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with leased_device(requested) as device:
        assert device == requested
    assert not list(tmp_path.iterdir())
