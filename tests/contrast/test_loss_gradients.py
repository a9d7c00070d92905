"""Gradients of losses: finite differences, what they are made of, and whom they reach."""

import pytest
import torch
from losses import READINGS, RULES, TAU, WEIGHT, gradient_of, loss_of

from moco_bench.components.negatives import All, Hardest
from moco_bench.contrast.loss import contrastive_terms


@pytest.mark.parametrize("width", [None, 3])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dual_view", READINGS[:-1])  # the control's gradient isn't that of its value
def test_gradcheck(batch_of, chunks_of, dual_view, rule, width):
    chunks_of(width)
    batch = batch_of(seed=4)

    def loss(query):
        batch.query = query
        return loss_of(batch, RULES[rule](), dual_view, masked=True)

    assert torch.autograd.gradcheck(loss, batch.query.clone().requires_grad_())


def test_key_anchored_adds_attraction_alone(batch_of):
    batch = batch_of(rows=5)
    gradient = gradient_of(batch, All(), "key-anchored", key_weight=1.0)
    positive = ((batch.query * batch.key).sum(1) / TAU).exp().detach()
    probability = positive / (positive + (batch.key @ batch.queue.T / TAU).exp().sum(1))
    attraction = -(1 - probability)[:, None] * batch.key / TAU / len(batch.key)
    torch.testing.assert_close(gradient, attraction)


def test_scaled_positive_has_the_value_of_the_query_term_and_the_whole_attraction(batch_of):
    batch = batch_of(rows=5)
    terms = contrastive_terms(
        batch.query, batch.key, batch.queue, temperature=TAU, dual_view="scaled-positive", key_weight=WEIGHT
    )
    torch.testing.assert_close(terms.total.detach(), terms.query_term)
    positive = ((batch.query * batch.key).sum(1) / TAU).exp()
    exponentials = (batch.query @ batch.queue.T / TAU).exp()
    total = (positive + exponentials.sum(1))[:, None]
    attraction = -(1 - positive[:, None] / total) * batch.key / TAU
    repulsion = exponentials / total @ batch.queue / TAU
    scaled = (1 - WEIGHT) * (attraction / (1 - WEIGHT) + repulsion) / len(batch.key)
    torch.testing.assert_close(gradient_of(batch, All(), "scaled-positive"), scaled.detach())


@pytest.mark.parametrize("width", [None, 4])
@pytest.mark.parametrize("dual_view", READINGS)
def test_gradients_reach_the_query_alone(batch_of, chunks_of, dual_view, width):
    chunks_of(width)
    batch = batch_of()
    for name in ("query", "key", "queue", "query_queue"):
        getattr(batch, name).requires_grad_()
    loss_of(batch, Hardest(count=4), dual_view).backward()
    assert batch.query.grad.abs().sum() > 0
    assert batch.key.grad is batch.queue.grad is batch.query_queue.grad is None


@pytest.mark.parametrize("temperature", [0.004, 50.0])
def test_extreme_temperatures_stay_finite(batch_of, chunks_of, temperature):
    batch = batch_of(rows=8, size=64, dtype=torch.float32)
    gradients = []
    for width in (None, 5):
        chunks_of(width)
        gradients.append(gradient_of(batch, Hardest(count=9), "key-in-batch", temperature=temperature).clone())
        assert gradients[-1].isfinite().all()
    # Logits reach 250 here, whose rounding alone is 1.5e-5.
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4 * gradients[0].abs().max().item())
