import math

import pytest
import torch

from moco_bench.suite.config import TrainConfig
from moco_bench.train.schedule import learning_rate_at


def rates(**changes):
    config = TrainConfig(**{"epochs": 5, "learning_rate": 0.4, **changes})
    return [learning_rate_at(step, steps_per_epoch=4, config=config) for step in range(20)]


def test_the_cosine_is_pytorchs():
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=20)
    expected = []
    for _ in range(20):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()

    assert rates() == pytest.approx(expected)


def test_per_epoch_the_rate_is_the_demos_which_counts_epochs_from_one():
    epochwise = rates(schedule="cosine-epoch")
    expected = [0.5 * 0.4 * (1 + math.cos(math.pi * epoch / 5)) for epoch in range(1, 6)]
    assert epochwise[::4] == pytest.approx(expected)
    assert epochwise[-1] == 0
    assert all(len(set(epochwise[start : start + 4])) == 1 for start in range(0, 20, 4))


def test_the_demos_first_rates_and_its_last():
    config = TrainConfig(epochs=200, learning_rate=0.06, schedule="cosine-epoch")
    first, second, last = (learning_rate_at(97 * at, steps_per_epoch=97, config=config) for at in (0, 1, 199))
    assert (round(first, 6), round(second, 6), last) == (0.059996, 0.059985, 0)


@pytest.mark.parametrize("schedule", ["cosine-step", "cosine-epoch", "constant"])
def test_stopping_early_leaves_the_schedule_as_it_is(schedule):
    assert rates(schedule=schedule, stop_after_epochs=2) == rates(schedule=schedule)


def test_after_a_warm_up_the_cosine_per_epoch_ends_at_zero():
    warmed = rates(schedule="cosine-epoch", warmup_epochs=2)
    assert warmed[7] == pytest.approx(0.4)
    assert warmed[8::4] == pytest.approx([0.4 * 0.75, 0.4 * 0.25, 0])


def test_warm_up_is_linear_and_ends_at_the_full_rate():
    warmed = rates(warmup_epochs=2)

    assert warmed[:8] == pytest.approx([0.05 * step for step in range(1, 9)])
    assert warmed[8] == pytest.approx(0.4)
    assert warmed[-1] < 0.02


def test_constant():
    assert set(rates(schedule="constant")) == {0.4}
