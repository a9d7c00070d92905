from functools import partial

import pytest
import torch
from torch import nn

from moco_bench.models import SplitBatchNorm
from moco_bench.models.heads import HEADS
from moco_bench.suite.config import EncoderConfig


def features(count: int = 12) -> torch.Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(0)) + 3


def test_every_name_of_the_configuration_is_registered():
    assert set(HEADS) == set(EncoderConfig.model_fields["head"].annotation.__args__)


@pytest.mark.parametrize("name", HEADS)
def test_embeddings_have_the_dimension_asked_for(name):
    assert HEADS[name](6, 10, 4, nn.BatchNorm2d)(features()).shape == (12, 4)


def test_the_head_with_batch_norm_equals_layers_for_vectors():
    head = HEADS["mlp-bn"](6, 10, 4, nn.BatchNorm2d)
    weights = [module.weight for module in head.modules() if isinstance(module, nn.Linear)]
    hidden = nn.BatchNorm1d(10)(features() @ weights[0].T).relu()
    torch.testing.assert_close(head(features()), nn.BatchNorm1d(4)(hidden @ weights[1].T))


def test_the_head_with_batch_norm_splits_its_batch_like_the_backbone():
    head = HEADS["mlp-bn"](6, 10, 4, partial(SplitBatchNorm, groups=3))
    parts = head(features()).split(4)
    torch.testing.assert_close(torch.stack([part.mean(0) for part in parts]), torch.zeros(3, 4), atol=1e-5, rtol=0)
