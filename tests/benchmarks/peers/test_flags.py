"""PyTorch's settings during each contender's turn."""

import pytest
import torch

from benchmarks.peers.contenders import LineUp
from benchmarks.peers.flags import Flags, flags_now
from moco_bench.train.precision import compute_float32_exactly

AS_TRAINING_ON_A_GPU = Flags(deterministic=True, fills_memory=False, cudnn_tf32=False)


@pytest.fixture(autouse=True)
def restored():
    with flags_now().applied():
        yield


def test_the_defaults_are_those_of_a_fresh_pytorch():
    # What this process's other tests may have set; the rest is as PyTorch comes.
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.allow_tf32 = torch.utils.deterministic.fill_uninitialized_memory = True
    assert flags_now() == Flags()


def test_settings_are_as_before_after_an_error_too():
    before, seen = flags_now(), []

    def fail():
        with AS_TRAINING_ON_A_GPU.applied():
            seen.append(flags_now())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert seen == [AS_TRAINING_ON_A_GPU]
    assert flags_now() == before


def test_each_contender_has_the_settings_that_its_users_have(tiny, once, images, monkeypatch):
    # A training on a GPU sets more than one on a CPU: as if it had, this package's contender finds it set.
    monkeypatch.setattr("benchmarks.peers.own.flags_now", lambda: AS_TRAINING_ON_A_GPU)
    line_up = LineUp("resnet-compact", images, tiny, once, torch.device("cpu"), ("float32",))
    own, peers = line_up.own()[0], line_up.peers()[0]
    compute_float32_exactly()
    before, seen = flags_now(), {}
    for contender in (*own, *peers):
        with contender.turn():
            seen[contender.name] = flags_now()
    assert seen["moco_bench float32"] == AS_TRAINING_ON_A_GPU
    assert seen["demo"] == Flags() != before
    assert flags_now() == before
