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


def test_per_epoch_the_rate_stands_still_within_one():
    stepwise, epochwise = rates(), rates(schedule="cosine-epoch")

    assert epochwise[::4] == pytest.approx(stepwise[::4])
    assert all(len(set(epochwise[start : start + 4])) == 1 for start in range(0, 20, 4))


def test_warm_up_is_linear_and_ends_at_the_full_rate():
    warmed = rates(warmup_epochs=2)

    assert warmed[:8] == pytest.approx([0.05 * step for step in range(1, 9)])
    assert warmed[8] == pytest.approx(0.4)
    assert warmed[-1] < 0.02


def test_constant():
    assert set(rates(schedule="constant")) == {0.4}
