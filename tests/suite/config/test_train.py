"""The section `train`: how far a schedule is followed, and what an optimiser doesn't use."""

import pytest

from moco_bench.suite.config import TrainConfig


def test_a_run_may_leave_its_schedule_early():
    assert TrainConfig(epochs=200).trained_epochs == 200
    assert TrainConfig(epochs=200, stop_after_epochs=5).trained_epochs == 5


def test_momentum_is_idle_with_adamw_alone():
    assert TrainConfig(optimiser="adamw").idle_keys() == ("sgd_momentum",)
    assert TrainConfig(optimiser="sgd").idle_keys() == ()


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
def test_a_device_is_one_of_torchs(device):
    assert TrainConfig(device=device).device == device


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:100", "cuda 1", ""])
def test_what_is_no_device_is_refused(device):
    with pytest.raises(ValueError, match="device"):
        TrainConfig(device=device)
