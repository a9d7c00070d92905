"""A batch as a loss sees it."""

import pytest
import torch

from moco_bench.components.negatives import All, Hardest
from moco_bench.contrast.batch import Batch
from moco_bench.contrast.pairs import AtStep

TAU = 0.3


@pytest.fixture
def made(batch_of):
    def make(rule=None, masked=False, **more):
        drawn = batch_of(seed=2)
        images = (drawn.sample_index, drawn.queue_index) if masked else (None, None)
        return Batch(drawn.query, drawn.key, drawn.queue, TAU, AtStep(rule or All()), images=images, **more)

    return make


def test_positives_are_the_diagonal_of_all_products(made):
    batch = made()
    torch.testing.assert_close(batch.positive, (batch.query @ batch.key.T).diagonal())


def test_the_sums_are_over_negatives_of_the_query_and_of_the_key(made):
    batch = made()
    for anchor, found in ((batch.query, batch.query_sum()), (batch.key, batch.key_sum())):
        torch.testing.assert_close(found, (anchor @ batch.queue.T / TAU).logsumexp(dim=1))
    torch.testing.assert_close(batch.query_sum(0.7), (batch.query @ batch.queue.T / 0.7).logsumexp(dim=1))
    torch.testing.assert_close(batch.key_sum(batch.query), (batch.key @ batch.query.T / TAU).logsumexp(dim=1))


def test_the_rule_keeps_the_same_keys_at_another_temperature(made):
    batch = made(Hardest(mass=0.5))
    ordered = (batch.query @ batch.queue.T).sort(dim=1, descending=True).values
    weights = (ordered / TAU).exp()
    kept = weights.cumsum(dim=1) - weights < 0.5 * weights.sum(dim=1, keepdim=True)
    expected = (ordered / 0.7).masked_fill(~kept, -torch.inf).logsumexp(dim=1)
    torch.testing.assert_close(batch.query_sum(0.7), expected)


def test_the_nearest_are_those_of_the_other_view_and_told_from_the_images_own(made):
    slots, others = made().nearest(4)
    batch = made(masked=True)
    assert torch.equal(slots, (batch.key @ batch.queue.T).argsort(dim=1, descending=True)[:, :4])
    assert others.all()
    own, queued = batch.images
    slots, others = batch.nearest(11)
    assert torch.equal(others, own[:, None] != queued[slots])
    assert 0 < int(others.sum()) < others.numel()


def test_a_loss_that_needs_past_queries_gets_them_or_says_so(made, batch_of):
    past = batch_of().query_queue
    assert made(query_queue=past).past_queries is past
    with pytest.raises(ValueError, match="query_queue is missing"):
        _ = made().past_queries
