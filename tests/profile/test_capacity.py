from types import SimpleNamespace

import pytest
import torch

from moco_bench.measure.allocations import MIB
from moco_bench.measure.heap import Heap
from moco_bench.profile import capacity
from moco_bench.profile.capacity import (
    _last_stored,
    allocator_limited,
    available_mib,
    capacity_rows,
    largest_across,
    largest_within,
    left_by_groups,
)
from moco_bench.profile.stepper import Stepper

CPU = torch.device("cpu")


@pytest.mark.parametrize("start", [1, 16, 500])
@pytest.mark.parametrize(
    "size_at",
    [lambda n: 30 + 2.5 * n, lambda n: 0.01 * n**2, lambda n: 40 * n**0.5, lambda n: 16 * (n // 16), lambda n: 0.0],
    ids=["line", "square", "root", "stairs", "nothing"],
)
@pytest.mark.parametrize("limit", [29.0, 35.0, 100.0, 777.7])
def test_the_largest_that_fits_is_found(size_at, limit, start):
    tried = []

    def noted(count: int) -> float:
        tried.append(count)
        return size_at(count)

    fitting = [count for count in range(1, 1001) if size_at(count) <= limit]
    found = largest_within(noted, limit, start=start, smallest=1, most=1000)
    assert found == (max(fitting) if fitting else None)
    assert len(tried) == len(set(tried)) <= 25
    assert max(tried) <= 1000


def test_a_straight_line_needs_few_tries():
    tried = []
    largest_within(lambda n: tried.append(n) or 100 + 0.37 * n, 4096, start=128, smallest=1, most=65536)
    assert len(tried) <= 7
    assert max(tried) == 10801  # one more than fits, and nothing beyond


def falling(count: int) -> float:
    """Similarities are stored up to 400."""
    return 10 + 0.5 * count + (0.1 * count if count <= 400 else 0.0)


@pytest.mark.parametrize("start", [2, 64, 900])
@pytest.mark.parametrize("limit", [9.0, 100.0, 205.0, 220.0, 245.0, 249.9, 250.0, 400.0, 1e6])
def test_sizes_may_fall_once(limit, start):
    tried = []

    def noted(count: int) -> float:
        tried.append(count)
        return falling(count)

    found = largest_across(noted, limit, start=start, smallest=1, most=1000, last_stored=400, most_of_a_fall=64)
    fitting = [count for count in range(1, 1001) if falling(count) <= limit]
    assert found == (max(fitting) if fitting else None)
    assert len(tried) == len(set(tried)) <= 30


def test_beyond_a_fall_nothing_is_tried_that_cannot_fit():
    tried = []
    found = largest_across(
        lambda n: tried.append(n) or 100.0 * n,
        5000.0,
        start=8,
        smallest=1,
        most=65536,
        last_stored=2048,
        most_of_a_fall=64,
    )
    assert found == 50
    assert max(tried) < 500


def test_the_last_batch_whose_similarities_are_stored(make_runs):
    run = make_runs("filter", contrast={"queue_size": 4096})["filter"]
    assert _last_stored(run, 1, 65536, CPU) == 1024
    assert _last_stored(run, 2, 32768, CPU) == 512
    small = make_runs("filter", contrast={"queue_size": 64})["filter"]
    assert _last_stored(small, 1, 65536, CPU) == 2048  # the queue grows along


def test_a_gpu_stores_more(make_runs, monkeypatch):
    run, cuda = make_runs("filter", contrast={"queue_size": 4096})["filter"], torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=2**40))
    assert _last_stored(run, 1, 65536, cuda) == 2**14  # beyond 4,096 the queue grows along
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=2**28))
    assert _last_stored(run, 1, 65536, cuda) == 1024


def test_running_out_of_memory_is_too_much():
    found = largest_within(lambda n: float("inf") if n > 300 else n, 10_000, start=64, smallest=1, most=65536)
    assert found == 300


def test_a_step_at_that_batch_fits_and_one_more_image_does_not(make_runs, dataset):
    rows = capacity_rows(make_runs("vanilla", "filter"), dataset, "cpu", 1.5, lambda line: None)
    for row in rows:
        assert row["mib"] <= 1.5 < row["next_mib"]
        assert row["batch_size"] > 2
    assert capacity_rows(make_runs("vanilla"), dataset, "cpu", 0.001, lambda line: None)[0]["batch_size"] is None


def test_batches_stay_divisible_into_groups(make_runs, dataset):
    (row,) = capacity_rows(
        {"grouped": make_runs("vanilla", "grouped")["grouped"]}, dataset, "cpu", 1.0, lambda line: None
    )
    assert row["batch_size"] % 2 == 0


def refused(make_runs, dataset, monkeypatch, refuse):
    """The row of an arm whose steps beyond a batch of 20 end in `refuse`."""
    real = Stepper.step

    def step(self, *marks):
        if self.run.train.batch_size > 20:
            refuse()
        real(self, *marks)

    monkeypatch.setattr(capacity.Stepper, "step", step)
    (row,) = capacity_rows(make_runs("vanilla"), dataset, "cpu", 1000, lambda line: None)
    return row


def out_of_memory():
    raise torch.OutOfMemoryError("pretended")


def no_bytes():
    raise MemoryError


def no_scratch():
    raise RuntimeError("could not create a primitive")


@pytest.mark.parametrize(
    "refuse",
    [lambda: torch.empty(2**60), out_of_memory, no_bytes, no_scratch],
    ids=["PyTorch's allocator", "CUDA's", "Python", "oneDNN"],
)
def test_a_step_that_gets_no_memory_does_not_fit(make_runs, dataset, monkeypatch, refuse):
    row = refused(make_runs, dataset, monkeypatch, refuse)
    assert row["batch_size"] == 20
    assert row["next_mib"] == float("inf")


def test_another_error_is_no_want_of_memory(make_runs, dataset, monkeypatch):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        refused(make_runs, dataset, monkeypatch, lambda: torch.ones(2, 3) @ torch.ones(2, 3))


def test_a_limit_beyond_what_is_available_is_cut_and_that_is_recorded(make_runs, dataset, monkeypatch):
    told = []
    monkeypatch.setattr(capacity, "available_mib", lambda dataset, device: 1.5)
    (row,) = capacity_rows(make_runs("vanilla"), dataset, "cpu", 1e6, told.append)
    assert (row["limit_mib"], row["limited_by"]) == (1.5, "available")
    assert row["mib"] <= 1.5 < row["next_mib"]
    assert told == ["largest batch of vanilla in 1.5 MiB (available)"]
    (row,) = capacity_rows(make_runs("vanilla"), dataset, "cpu", 1.25, told.append)
    assert (row["limit_mib"], row["limited_by"]) == (1.25, "stated")


def groups(folder, membership: str, files: dict[str, str]):
    (folder / "cgroup").write_text(membership)
    for name, text in files.items():
        (folder / "fs/cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "fs/cgroup" / name).write_text(text)
    return folder, folder / "cgroup"


STAT = "anon 7\nactive_file 10\ninactive_file 5\ntotal_active_file 100\ntotal_inactive_file 50\n"


def test_what_groups_of_version_2_leave(tmp_path):
    """The group's own limit and that of a group around it; cached files count as left."""
    files = {
        "a/b/memory.max": "1000\n", "a/b/memory.current": "400\n", "a/b/memory.stat": STAT,
        "a/memory.max": "5000\n", "a/memory.current": "4900\n", "a/memory.stat": "anon 4900\n",
        "memory.max": "max\n", "memory.current": "9\n", "memory.stat": STAT,
        "c/memory.max": "1\n", "c/memory.current": "0\n", "c/memory.stat": STAT,
    }  # fmt: skip
    assert left_by_groups(*groups(tmp_path, "0::/a/b\n", files)) == [100, 615]


def test_what_groups_of_version_1_leave_where_the_path_is_that_outside_of_a_container(tmp_path):
    files = {
        "memory/memory.limit_in_bytes": "2000\n",
        "memory/memory.usage_in_bytes": "500\n",
        "memory/memory.stat": STAT,
    }
    assert left_by_groups(*groups(tmp_path, "4:memory:/docker/x\n3:cpu,cpuacct:/\n0::/\n", files)) == [1650]
    assert left_by_groups(tmp_path / "nowhere", tmp_path / "cgroup") == []


def test_what_is_available_is_the_least_of_machine_and_groups_and_a_share_of_it(dataset, monkeypatch):
    monkeypatch.setattr(capacity, "heap", lambda: Heap(in_use=0, free=100 * MIB))
    monkeypatch.setattr(capacity.psutil, "virtual_memory", lambda: SimpleNamespace(available=4000 * MIB))
    monkeypatch.setattr(capacity, "left_by_groups", list)
    assert available_mib(dataset, torch.device("cpu")) == 0.9 * 4100
    monkeypatch.setattr(capacity, "left_by_groups", lambda: [900 * MIB, 2**63])
    assert available_mib(dataset, torch.device("cpu")) == 0.9 * 1000
    images = SimpleNamespace(images=torch.empty(3 * MIB, dtype=torch.uint8))
    assert available_mib(SimpleNamespace(train=images, evaluation=images), torch.device("cpu")) == 0.9 * 1000 + 6


class PretendedDevice:
    """Of `torch.cuda` what the search asks for: 1,000 MiB, 800 of them free; an image of a batch takes one.

    The first step takes two MiB more than those behind it.
    """

    def __init__(self, monkeypatch) -> None:
        self.shares, self.peak = [], 0
        for name, function in {
            "is_available": lambda: True,
            "device_count": lambda: 1,
            "mem_get_info": lambda device: (800 * MIB, 1000 * MIB),
            "memory_reserved": lambda device: 50 * MIB,
            "set_per_process_memory_fraction": lambda share, device: self.shares.append(share),
            "reset_peak_memory_stats": self.reset,
            "max_memory_allocated": lambda device: self.peak * MIB,
        }.items():
            monkeypatch.setattr(torch.cuda, name, function)
        monkeypatch.setattr(capacity, "Stepper", self.stepper)

    def reset(self, device) -> None:
        self.peak = 0

    def stepper(self, run, dataset, device):
        batch, self.peak = run.train.batch_size, 10_000
        extra = [2, 0, 0, 0]

        def step():
            self.peak = max(self.peak, batch + extra.pop(0))
            if self.peak > self.shares[-1] * 1000:
                raise torch.OutOfMemoryError("pretended")

        return SimpleNamespace(
            numerics=SimpleNamespace(device=torch.device(device)), plant_ties=lambda: None, step=step
        )


@pytest.mark.parametrize(("stated", "kept_to", "limited_by"), [(300.0, 300, "stated"), (5000.0, 850, "available")])
def test_on_cuda_the_allocator_itself_refuses(make_runs, dataset, monkeypatch, stated, kept_to, limited_by):
    device = PretendedDevice(monkeypatch)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=2**30))
    (row,) = capacity_rows(make_runs("vanilla"), dataset, "cuda:0", stated, lambda line: None)
    assert (row["limit_mib"], row["limited_by"]) == (kept_to, limited_by)
    assert (row["batch_size"], row["mib"], row["next_mib"]) == (kept_to - 2, kept_to, float("inf"))
    assert device.shares == [kept_to / 1000, 1.0]


def test_the_allocator_is_free_again_after_an_error(monkeypatch):
    device = PretendedDevice(monkeypatch)
    with pytest.raises(KeyError), allocator_limited(torch.device("cuda"), 2500):
        raise KeyError
    assert device.shares == [1.0, 1.0]
