import pytest
import torch
from torch import nn

from moco_bench.errors import InputError
from moco_bench.models import SplitBatchNorm


def batch(seed: int = 0, size: int = 12) -> torch.Tensor:
    return torch.randn(size, 5, 4, 4, generator=torch.Generator().manual_seed(seed)) * 3 + 1


def randomise(module: nn.BatchNorm2d) -> None:
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        module.weight.copy_(torch.rand(5, generator=generator) + 0.5)
        module.bias.copy_(torch.randn(5, generator=generator))


def test_each_consecutive_part_is_normalised_as_by_plain_batch_norm():
    split = SplitBatchNorm(5, groups=3)
    randomise(split)
    parts, means, variances = [], [], []
    images = batch()
    for part in images.split(4):
        plain = nn.BatchNorm2d(5)
        randomise(plain)
        parts.append(plain(part))
        means.append(plain.running_mean)
        variances.append(plain.running_var)
    torch.testing.assert_close(split(images), torch.cat(parts))
    torch.testing.assert_close(split.running_mean, torch.stack(means).mean(0))
    torch.testing.assert_close(split.running_var, torch.stack(variances).mean(0))
    assert int(split.num_batches_tracked) == 1


def test_a_part_does_not_see_the_others():
    images, other = batch(), batch()
    other[4:] = batch(seed=1)[4:]
    module = SplitBatchNorm(5, groups=3)
    assert torch.equal(module(images)[:4], module(other)[:4])
    plain = nn.BatchNorm2d(5)
    assert not torch.allclose(plain(images)[:4], plain(other)[:4])


def test_one_group_is_plain_batch_norm():
    split, plain = SplitBatchNorm(5, groups=1), nn.BatchNorm2d(5)
    torch.testing.assert_close(split(batch()), plain(batch()))
    torch.testing.assert_close(split.running_var, plain.running_var)


def test_evaluation_is_plain_batch_norm_and_moves_nothing():
    split, plain = SplitBatchNorm(5, groups=4), nn.BatchNorm2d(5)
    randomise(split)
    split(batch(seed=2))
    plain.load_state_dict(split.state_dict())
    before = {name: value.clone() for name, value in split.state_dict().items()}
    odd = batch(size=7)
    assert torch.equal(split.eval()(odd), plain.eval()(odd))
    assert all(torch.equal(value, before[name]) for name, value in split.state_dict().items())


def test_gradients_equal_those_of_the_parts():
    images = batch().double().requires_grad_()
    split = SplitBatchNorm(5, groups=3).double()
    assert torch.autograd.gradcheck(split, (images,), atol=1e-6)


def test_channels_last_is_kept():
    images = batch().to(memory_format=torch.channels_last)
    assert SplitBatchNorm(5, groups=3)(images).is_contiguous(memory_format=torch.channels_last)


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(InputError, match="batch of 12 can't be split into 5"):
        SplitBatchNorm(5, groups=5)(batch())
    with pytest.raises(InputError, match="at least one group"):
        SplitBatchNorm(5, groups=0)
