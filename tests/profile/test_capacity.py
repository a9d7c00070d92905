import pytest

from moco_bench.profile import capacity
from moco_bench.profile.capacity import capacity_rows, largest_within
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
