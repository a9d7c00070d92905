"""Attraction of false negatives against its equation."""

import pytest
import torch
from equations import IMAGES, KEY, OWN, QUERY, QUEUE, TAU, exponentials, found, written_out

from moco_bench.components.objectives.false_negative_attraction import FalseNegativeAttraction
from moco_bench.contrast import contrastive_loss


@pytest.mark.parametrize(
    ("settings", "count"), [({"count": 3}, 3), ({"fraction": 0.2}, 5), ({}, 1), ({"count": 40}, 40)]
)
def test_false_negative_attraction(settings, count):
    def formula(q, k, keys):
        order = sorted(range(len(keys)), key=lambda j: -float(k @ keys[j]))[:count]
        total = torch.exp(q @ k / TAU) + sum(exponentials(q, keys))
        attracted = [k, *(keys[j] for j in order)]
        return -sum(torch.log(torch.exp(q @ one / TAU) / total) for one in attracted) / len(attracted)

    torch.testing.assert_close(found(objective=FalseNegativeAttraction(**settings)), written_out(formula))


def test_attraction_without_false_negatives_is_mocos_loss():
    images = {"sample_index": OWN, "queue_index": torch.zeros_like(IMAGES)}
    batch = {"query": QUERY[:1], "key": KEY[:1], "queue": QUEUE, "temperature": TAU}
    images["sample_index"] = OWN[:1]
    loss = contrastive_loss(**batch, **images, objective=FalseNegativeAttraction())
    assert float(loss) == 0
