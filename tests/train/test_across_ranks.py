"""BatchNorm over the batches of several ranks, here one after the other; real processes: tests/train/test_world.py."""

import copy

import pytest
import torch
from torch import nn

from moco_bench.models.normalisation import SplitBatchNorm
from moco_bench.train import across_ranks
from moco_bench.train.across_ranks import spread_batch_norm
from moco_bench.train.world import World

TWO = World(0, 2)


def statistics(part):
    variance, mean = torch.var_mean(part, dim=[0, *range(2, part.dim())], correction=0)
    return torch.cat([mean, variance])


@pytest.mark.parametrize("shape", [(8, 3), (8, 3, 4, 5)], ids=["features", "images"])
def test_each_rank_normalises_by_the_whole_batch(shape, monkeypatch):
    batch = 2 + 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    parts = batch.chunk(2)
    plain = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(3)
    nn.init.uniform_(plain.weight)
    nn.init.uniform_(plain.bias)
    spread = nn.Sequential(copy.deepcopy(plain))
    monkeypatch.setattr(
        across_ranks, "gather_summed", lambda own, world: torch.stack([statistics(part) for part in parts])
    )

    assert spread_batch_norm(spread, TWO)
    found = spread(parts[0])

    expected = plain(batch)[:4]
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, copy.deepcopy(plain)(parts[0]))
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(spread.state_dict()[f"0.{name}"], value)
    torch.testing.assert_close(spread.eval()(parts[1]), plain.eval()(parts[1]))


def test_groups_are_shared_out_among_ranks_and_gather_nothing():
    network = nn.Sequential(nn.Linear(4, 6), nn.ModuleDict({"norm": SplitBatchNorm(6, groups=4)}))
    names = list(network.state_dict())

    assert not spread_batch_norm(network, TWO)

    assert network[1]["norm"].groups == 2
    assert list(network.state_dict()) == names


def test_one_process_changes_nothing():
    network = nn.Sequential(nn.BatchNorm2d(3))
    assert not spread_batch_norm(network, World())
    assert type(network[0]) is nn.BatchNorm2d
