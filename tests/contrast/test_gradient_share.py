"""The share of the gradient against autograd through an explicit projection, in float64, one row at a time."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import normalize

from moco_bench.components.negatives import Hardest, Random
from moco_bench.components.readings import reading_of
from moco_bench.contrast.gradient_share import key_gradient_share
from moco_bench.contrast.logsumexp import _LogSum

TEMPERATURE = 0.2
READINGS = ("key-anchored", "key-in-batch", "query-queue", "scaled-positive")


def kept(rule_fraction, similarity, blocked):
    """The slots of one anchor's negatives: the most similar ones, blocked ones never."""
    values = similarity.tolist()
    ranked = sorted((j for j in range(len(values)) if not blocked[j]), key=lambda j: -values[j])
    return ranked[: round(rule_fraction * len(values))]


def info_nce(positive, negatives):
    return torch.log(1 + (negatives / TEMPERATURE).exp().sum() / (positive / TEMPERATURE).exp())


def expected_share(batch, reading, weight, fraction):
    """The definition: two batch means, each differentiated with respect to projections of arbitrary length."""
    lengths = torch.linspace(0.5, 3, len(batch.query), dtype=torch.float64)
    projection = (batch.query * lengths[:, None]).requires_grad_()
    query = projection / projection.norm(dim=1, keepdim=True)
    blocked = batch.sample_index[:, None] == batch.queue_index

    def mean(terms):
        return torch.stack(list(terms)).mean()

    def against(anchors, keys, constant=False):
        for i, anchor in enumerate(anchors):
            similarity = keys @ anchor
            negatives = similarity[kept(fraction, similarity, blocked[i])]
            yield info_nce(query[i] @ batch.key[i], negatives.detach() if constant else negatives)

    terms = {
        "key-anchored": lambda: against(batch.key, batch.queue),
        "query-queue": lambda: against(batch.key, batch.query_queue),
        "scaled-positive": lambda: against(query, batch.queue, constant=True),
        "key-in-batch": lambda: (
            torch.log((query @ key / TEMPERATURE).exp().sum() / (query[i] @ key / TEMPERATURE).exp())
            for i, key in enumerate(batch.key)
        ),
    }
    (of_query,) = torch.autograd.grad(mean(against(query, batch.queue)), projection, retain_graph=True)
    (of_key,) = torch.autograd.grad(mean(terms[reading]()), projection)
    shares = [
        float(weight * k.norm() / ((1 - weight) * q.norm() + weight * k.norm()))
        for q, k in zip(of_query, of_key, strict=True)
    ]
    return sum(shares) / len(shares)


def share(batch, dual_view="key-in-batch", key_weight=0.5, **changes):
    arguments = {
        "temperature": TEMPERATURE, "objective": reading_of(dual_view, key_weight), "query_queue": batch.query_queue,
        "sample_index": batch.sample_index, "queue_index": batch.queue_index, **changes,
    }  # fmt: skip
    return key_gradient_share(batch.query, batch.key, batch.queue, **arguments)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(("weight", "fraction"), [(0.5, 1.0), (0.2, 0.5)])
@pytest.mark.parametrize("width", [None, 3], ids=["whole", "chunks of 3"])
def test_it_is_the_ratio_of_the_definition(batch_of, chunks_of, reading, weight, fraction, width):
    chunks_of(width)
    batch = batch_of(rows=5, size=16, dimension=6)
    found = share(batch, dual_view=reading, key_weight=weight, negatives=Hardest(fraction=fraction))
    assert found == pytest.approx(expected_share(batch, reading, weight, fraction), rel=1e-9)
    assert 0 < found < 1


@pytest.mark.parametrize("reading", ["none", "symmetric"])
def test_without_a_key_term_there_is_no_share(batch_of, reading):
    assert share(batch_of(), dual_view=reading) is None


def test_the_weight_decides_at_its_ends(batch_of):
    batch = batch_of()
    assert share(batch, key_weight=0.0) == 0
    assert share(batch, key_weight=1.0) == 1


def test_rows_that_nothing_pulls_at_are_left_out(batch_of):
    batch = batch_of(rows=2, dimension=4)
    batch.query[1] = batch.key[1] = torch.eye(4, dtype=torch.float64)[0]  # its key can't be nearer,
    batch.queue_index = torch.full_like(batch.queue_index, int(batch.sample_index[1]))  # and the queue is its own image

    def rows(chosen):
        of_batch = {"query", "key", "sample_index"}
        return SimpleNamespace(**{k: v[chosen] if k in of_batch else v for k, v in vars(batch).items()})

    assert share(rows(slice(1, 2)), dual_view="key-anchored") is None
    first = share(rows(slice(0, 1)), dual_view="key-anchored")
    assert share(batch, dual_view="key-anchored") == pytest.approx(first)


def test_nothing_is_changed_and_no_gradient_is_left(batch_of):
    batch = batch_of(rows=4, size=32, dtype=torch.float32)
    before = {name: tensor.clone() for name, tensor in vars(batch).items()}
    rule = Random(count=8)
    with torch.no_grad():  # and works where training's graph is not wanted
        twice = [share(batch, negatives=rule) for _ in range(2)]
    assert twice[0] == twice[1]
    for name, tensor in vars(batch).items():
        assert torch.equal(tensor, before[name])
        assert not tensor.requires_grad
        assert tensor.grad is None


def test_the_queue_is_streamed(batch_of, monkeypatch):
    """By the losses' own sum, whose memory has tests of its own."""
    calls = []
    original = _LogSum.forward
    monkeypatch.setattr(_LogSum, "forward", staticmethod(lambda *args: calls.append(1) or original(*args)))
    share(batch_of(), dual_view="key-anchored")
    assert len(calls) == 2


def test_attraction_fades_as_the_key_comes_near():
    generator = torch.Generator().manual_seed(0)
    query, noise, queue = (normalize(torch.randn(n, 8, generator=generator), dim=1) for n in (64, 64, 256))
    settings = {"temperature": TEMPERATURE, "objective": reading_of("scaled-positive", 0.5)}
    shares = [
        key_gradient_share(query, normalize(query + distance * noise, dim=1), queue, **settings)
        for distance in (0.001, 0.05, 1.0)
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.02
