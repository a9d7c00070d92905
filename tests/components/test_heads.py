"""Heads, from `Head`, the base class: `linear` and `mlp`, with BatchNorm and without."""

from functools import partial

import pytest
import torch
from torch import nn

from moco_bench.components.registry import built_in
from moco_bench.models import SplitBatchNorm


def features(count: int = 12) -> torch.Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(0)) + 3


def build(name: str, norm_layer=nn.BatchNorm2d, **settings) -> nn.Module:
    return built_in("head")[name](**settings).build(6, 4, norm_layer)


@pytest.mark.parametrize("name", built_in("head"))
def test_embeddings_have_the_dimension_asked_for(name):
    assert build(name)(features()).shape == (12, 4)


def test_the_head_is_one_layer_or_two_with_a_relu_between_them():
    linear = build("linear")
    torch.testing.assert_close(linear(features()), features() @ linear.weight.T + linear.bias)
    mlp = build("mlp")
    first, last = (module for module in mlp.modules() if isinstance(module, nn.Linear))
    assert first.weight.shape == (6, 6), "as many hidden units as features"
    hidden = (features() @ first.weight.T + first.bias).relu()
    torch.testing.assert_close(mlp(features()), hidden @ last.weight.T + last.bias)


def test_the_head_with_batch_norm_equals_layers_for_vectors():
    head = build("mlp-bn", hidden=10)
    weights = [module.weight for module in head.modules() if isinstance(module, nn.Linear)]
    hidden = nn.BatchNorm1d(10)(features() @ weights[0].T).relu()
    torch.testing.assert_close(head(features()), nn.BatchNorm1d(4)(hidden @ weights[1].T))


def test_the_head_with_batch_norm_splits_its_batch_like_the_backbone():
    head = build("mlp-bn", partial(SplitBatchNorm, groups=3), hidden=10)
    parts = head(features()).split(4)
    torch.testing.assert_close(torch.stack([part.mean(0) for part in parts]), torch.zeros(3, 4), atol=1e-5, rtol=0)
