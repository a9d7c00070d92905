"""Weights and extra keys: streamed against plain, and against the formula written out in float64."""

import pytest
import torch

from moco_bench.components import Negatives, Ranks
from moco_bench.contrast import contrastive_loss
from moco_bench.contrast import pairs as pairs_module
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.contrast.pairs import AtStep, Pairs
from moco_bench.errors import InputError

TAU = 0.2


class Weighed(Negatives):
    """Weights with a gradient."""

    def log_weight(self, similarity, temperature):
        return 2 * similarity.sin() / temperature


class Held(Negatives):
    """Weights held constant."""

    def log_weight(self, similarity, temperature):
        return 2 * similarity.detach().sin() / temperature


class Added(Weighed):
    """Keys beside the queue, and fewer of the queue."""

    def ranks(self, queue_size, progress=1.0):
        return Ranks(last=4)

    def extra_keys(self, pairs):
        return torch.nn.functional.normalize(pairs.keys[pairs.hardest(3)] + pairs.anchor[:, None], dim=2)


class FromTheOtherView(Negatives):
    """Ranks by the key's similarity."""

    def ranks(self, queue_size, progress=1.0):
        return Ranks(first=2, seen_from="other-view")


RULES = (Weighed, Held, Added, FromTheOtherView)


def value_and_gradient(batch, rule, masked):
    query = batch.query.clone().requires_grad_()
    images = {"sample_index": batch.sample_index, "queue_index": batch.queue_index} if masked else {}
    loss = contrastive_loss(
        query, batch.key, batch.queue, temperature=TAU, dual_view="key-anchored", negatives=rule, **images
    )
    loss.backward()
    return loss.detach(), query.grad


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_chunks_equal_the_plain_version(batch_of, chunks_of, rule, masked):
    batch = batch_of(rows=5, size=37, seed=1)
    with plain_version():
        plain = value_and_gradient(batch, rule(), masked)
    for width, stored in ((3, False), (20, True), (None, True)):
        chunks_of(width, stored)
        torch.testing.assert_close(value_and_gradient(batch, rule(), masked), plain)


def written_out(rule, batch, query):
    """One anchor at a time against all keys, differentiated by autograd."""
    terms = []
    for q, k in zip(query, batch.key, strict=True):
        keys = batch.queue
        if rule is FromTheOtherView:
            keys = keys[(keys @ k).argsort(descending=True)[2:]]
        if rule is Added:
            best = keys[(keys @ q).argsort(descending=True)]
            added = torch.nn.functional.normalize(best[:3] + q.detach(), dim=1)
            keys = torch.cat([best[:4], added])
        s = keys @ q
        weights = {Weighed: s.sin(), Added: s.sin(), Held: s.detach().sin(), FromTheOtherView: 0 * s}[rule]
        terms.append(torch.log1p((s / TAU + 2 * weights / TAU).exp().sum() / (q @ k / TAU).exp()))
    return torch.stack(terms).mean()


@pytest.mark.parametrize("width", [None, 4])
@pytest.mark.parametrize("rule", RULES)
def test_value_and_gradient_are_those_of_the_formula(batch_of, chunks_of, rule, width):
    chunks_of(width)
    batch = batch_of(rows=4, size=19, seed=2)
    found, expected = (batch.query.clone().requires_grad_() for _ in range(2))
    value = contrastive_loss(found, batch.key, batch.queue, temperature=TAU, negatives=rule())
    value.backward()
    formula = written_out(rule, batch, expected)
    formula.backward()
    torch.testing.assert_close(value, formula)
    torch.testing.assert_close(found.grad, expected.grad)


def test_a_weight_for_each_pair_is_asked_for(batch_of):
    class Wrong(Negatives):
        """One number a row."""

        def log_weight(self, similarity, temperature):
            return similarity.sum(dim=1)

    batch = batch_of()
    with pytest.raises(InputError, match=r"`log_weight` gave Tensor of shape \[3\].*; floats of shape \[3, 11\]"):
        contrastive_loss(batch.query.requires_grad_(), batch.key, batch.queue, temperature=TAU, negatives=Wrong())


@pytest.mark.parametrize("width", [None, 3])
def test_the_hardest_and_the_count_of_pairs(batch_of, chunks_of, width):
    chunks_of(width)
    batch = batch_of(rows=4, size=17)
    images = (batch.sample_index, batch.queue_index)
    pairs = Pairs(Candidates(batch.query, batch.queue, *images), Ranks(), torch.zeros(4), AtStep(Negatives()))
    blocked = batch.sample_index[:, None] == batch.queue_index
    similarity = (batch.query @ batch.queue.T).masked_fill(blocked, -9)
    assert pairs.hardest(5).tolist() == similarity.argsort(dim=1, descending=True)[:, :5].tolist()
    assert pairs.count().tolist() == (~blocked).sum(dim=1).tolist()
    some = Pairs(pairs.candidates, Ranks(last=6), torch.zeros(4), AtStep(Negatives()))
    assert some.count().tolist() == [6] * 4


def test_numbers_of_a_step_come_from_its_generator(batch_of):
    batch = batch_of()

    def drawn(generator):
        at_step = AtStep(Negatives(), generator)
        pairs = Pairs(Candidates(batch.query, batch.queue), Ranks(), torch.zeros(3), at_step)
        return pairs.uniform(2, 3), pairs.uniform(2, 3)

    one, other = drawn(torch.Generator().manual_seed(1)), drawn(torch.Generator().manual_seed(1))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])
    assert not torch.equal(one[0], one[1])
    assert torch.equal(drawn(None)[0], drawn(None)[0])
    assert torch.equal(one[0], torch.rand(2, 3, generator=torch.Generator().manual_seed(1)))


def test_numbers_of_a_step_reach_the_device_without_a_wait(batch_of, monkeypatch):
    batch, sent = batch_of(), []
    monkeypatch.setattr(pairs_module, "to_device", lambda tensor, device: sent.append(device) or tensor)
    anchor = batch.query.double()
    pairs = Pairs(Candidates(anchor, batch.queue), Ranks(), torch.zeros(3), AtStep(Negatives()))
    assert pairs.uniform(4).dtype == torch.float64
    assert sent == [anchor.device]
