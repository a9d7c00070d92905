import pytest
import torch
from torch import nn

from moco_bench.contrast.momentum import update_momentum_encoder


def encoder(value):
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    for parameter in module.parameters():
        nn.init.constant_(parameter, value)
    return module


def test_parameters_become_the_weighted_mean():
    query, key = encoder(1.0), encoder(3.0)
    update_momentum_encoder(query, key, 0.9)
    for before, after in zip(query.parameters(), key.parameters(), strict=True):
        torch.testing.assert_close(after, torch.full_like(after, 0.9 * 3 + 0.1 * 1))
        assert (before == 1).all()
        assert after.grad_fn is None


def test_steps_follow_the_closed_form():
    query, key = encoder(0.0), encoder(1.0)
    for _ in range(20):
        update_momentum_encoder(query, key, 0.99)
    torch.testing.assert_close(key[0].weight, torch.full((4, 3), 0.99**20))


def test_buffers_stay_the_key_encoders_own():
    query, key = encoder(1.0), encoder(3.0)
    query(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    key[1].running_mean.fill_(7.0)
    update_momentum_encoder(query, key, 0.0)
    assert (key[1].running_mean == 7).all()
    assert key[1].num_batches_tracked == 0
    assert key[0].weight.equal(query[0].weight)


def test_momentum_of_one_keeps_the_key_encoder():
    query, key = encoder(1.0), encoder(3.0)
    update_momentum_encoder(query, key, 1.0)
    assert (key[0].weight == 3).all()


@pytest.mark.parametrize("momentum", [-0.1, 1.1, float("nan")])
def test_a_momentum_outside_its_range_is_refused(momentum):
    with pytest.raises(ValueError, match="momentum must lie"):
        update_momentum_encoder(encoder(1.0), encoder(1.0), momentum)


def test_encoders_that_differ_are_refused():
    with pytest.raises(ValueError, match="key_encoder must have"):
        update_momentum_encoder(encoder(1.0), nn.Linear(3, 4), 0.9)
