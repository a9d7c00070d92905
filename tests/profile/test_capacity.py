import pytest

from moco_bench.profile import capacity
from moco_bench.profile.capacity import _last_stored, capacity_rows, largest_across, largest_within
from moco_bench.profile.stepper import Stepper


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

    found = largest_across(noted, limit, start=start, smallest=1, most=1000, last_stored=400)
    fitting = [count for count in range(1, 1001) if falling(count) <= limit]
    assert found == (max(fitting) if fitting else None)
    assert len(tried) == len(set(tried)) <= 30


def test_beyond_a_fall_nothing_is_tried_that_cannot_fit():
    tried = []
    found = largest_across(
        lambda n: tried.append(n) or 100.0 * n, 5000.0, start=8, smallest=1, most=65536, last_stored=2048
    )
    assert found == 50
    assert max(tried) < 500


def test_the_last_batch_whose_similarities_are_stored(make_runs):
    run = make_runs("filter", contrast={"queue_size": 4096})["filter"]
    assert _last_stored(run, 1, 65536) == 1024
    assert _last_stored(run, 2, 32768) == 512
    small = make_runs("filter", contrast={"queue_size": 64})["filter"]
    assert _last_stored(small, 1, 65536) == 2048  # the queue grows along


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


def test_a_device_that_has_no_more_memory(make_runs, dataset, monkeypatch):
    import torch

    real = Stepper.step

    def step(self, *marks):
        if self.run.train.batch_size > 20:
            raise torch.OutOfMemoryError("pretended")
        real(self, *marks)

    monkeypatch.setattr(capacity.Stepper, "step", step)
    (row,) = capacity_rows(make_runs("vanilla"), dataset, "cpu", 1e6, lambda line: None)
    assert row["batch_size"] == 20
    assert row["next_mib"] == float("inf")
