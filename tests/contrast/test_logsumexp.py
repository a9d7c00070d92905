"""The plain version against the queue as a whole and in chunks: value, gradient, selection and memory."""

import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from moco_bench.components.negatives import All, Band, DropHardest, Easiest, Hardest, Random, Threshold
from moco_bench.contrast import chunks, contrastive_loss
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.chunks import queue_in_chunks
from moco_bench.contrast.logsumexp import kept_version, log_sum_of_negatives, plain_version
from moco_bench.contrast.negatives import histogram
from moco_bench.contrast.pairs import AtStep

READINGS = ["none", "key-anchored", "key-in-batch", "query-queue", "scaled-positive"]
RULES = {
    "all": All,
    "hardest": Hardest,
    "hardest-mass": lambda: Hardest(mass=0.5),
    "hardest-one": lambda: Hardest(count=1),
    "hardest-all-but-one": lambda: Hardest(count=46),
    "easiest": lambda: Easiest(fraction=0.6),
    "random": lambda: Random(fraction=0.3),
    "drop-hardest": lambda: DropHardest(count=9),
    "band": lambda: Band(inner=0.1, outer=0.7),
    "band-from-top": lambda: Band(inner=0.0, outer=0.5),
    "threshold": lambda: Threshold(similarity=0.5, minimum=1),
    "threshold-whole-number": lambda: Threshold(similarity=0),
    "threshold-minimum": lambda: Threshold(similarity=0.9, minimum=20),
}


def value_and_gradient(batch, rule, dual_view, masked):
    query = batch.query.clone().requires_grad_()
    images = {"sample_index": batch.sample_index, "queue_index": batch.queue_index} if masked else {}
    loss = contrastive_loss(
        query,
        batch.key,
        batch.queue,
        temperature=0.1,
        dual_view=dual_view,
        negatives=rule,
        query_queue=batch.query_queue,
        **images,
    )
    loss.backward()
    return loss.detach(), query.grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_chunks_equal_the_plain_version_for_every_reading(batch_of, chunks_of, rule, masked, ties, dtype):
    batch = batch_of(rows=6, size=47, seed=8, dtype=dtype, ties=ties)
    for dual_view in READINGS:
        with plain_version():
            plain = value_and_gradient(batch, RULES[rule](), dual_view, masked)
        for width, stored in ((3, False), (46, True), (None, True)) if dual_view == "none" else ((20, False),):
            chunks_of(width, stored)
            torch.testing.assert_close(value_and_gradient(batch, RULES[rule](), dual_view, masked), plain)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_the_version_that_sums_the_kept_equals_the_plain_one(batch_of, rule, masked):
    """Without ties in gradients too; with ties in value, as equal similarities may be exchanged for each other."""
    for ties in (False, True):
        batch = batch_of(rows=6, size=47, seed=8, dtype=torch.float64, ties=ties)
        with plain_version():
            plain = value_and_gradient(batch, RULES[rule](), "key-anchored", masked)
        with kept_version():
            kept = value_and_gradient(batch, RULES[rule](), "key-anchored", masked)
        torch.testing.assert_close(kept[0], plain[0])
        if not ties:
            torch.testing.assert_close(kept[1], plain[1])


@pytest.mark.parametrize("width", [None, 7])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_the_keys_kept_are_those_of_the_independent_formulation(
    reference, batch_of, chunks_of, rule, masked, ties, width
):
    chunks_of(width)
    batch = batch_of(rows=6, size=47, seed=9, ties=ties)
    images = (batch.sample_index, batch.queue_index) if masked else (None, None)
    ranks = AtStep(RULES[rule]()).ranks(47, 0.1)
    parts = list(queue_in_chunks(Candidates(batch.query, batch.queue, *images), ranks))
    dropped = [torch.zeros_like(part.similarity) if part.dropped is None else part.dropped for part in parts]
    kept = torch.cat(dropped, dim=1) == 0
    lists = (batch.sample_index.tolist(), batch.queue_index.tolist()) if masked else (None, None)
    expected = reference.selection(RULES[rule](), batch.query.numpy(), batch.queue.numpy(), *lists, seed=ranks.seed)
    assert [set(row.nonzero().flatten().tolist()) for row in kept] == expected


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_queues_of_a_few_similarities_are_settled_by_slot(reference, batch_of, chunks_of, rule, stored):
    chunks_of(90, stored)
    batch = batch_of(rows=5, size=400, seed=2, ties=True)  # each value some 100 times: too often to be collected
    ranks = AtStep(RULES[rule]()).ranks(400, 0.1)
    candidates = Candidates(batch.query, batch.queue, batch.sample_index, batch.queue_index)
    kept = [torch.zeros(5, 0, dtype=torch.bool)]
    for part in queue_in_chunks(candidates, ranks):
        kept.append(part.dropped == 0)
    images = batch.sample_index.tolist(), batch.queue_index.tolist()
    expected = reference.selection(RULES[rule](), batch.query.numpy(), batch.queue.numpy(), *images, seed=ranks.seed)
    assert [set(row.nonzero().flatten().tolist()) for row in torch.cat(kept, dim=1)] == expected


@settings(max_examples=25, deadline=None)
@given(data=st.data(), rule=st.sampled_from([name for name in RULES if name != "random"]))
def test_the_order_of_the_queue_does_not_matter(batch_of, data, rule):
    batch = batch_of(rows=4, size=47, seed=data.draw(st.integers(0, 1000)))
    before = value_and_gradient(batch, RULES[rule](), "key-anchored", masked=True)
    order = torch.tensor(data.draw(st.permutations(range(47))))
    batch.queue, batch.queue_index = batch.queue[order], batch.queue_index[order]
    after = value_and_gradient(batch, RULES[rule](), "key-anchored", masked=True)
    torch.testing.assert_close(after, before)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), rule=st.sampled_from([name for name in RULES if name != "random"]))
def test_a_rotation_of_all_embeddings_changes_nothing(batch_of, seed, rule):
    batch = batch_of(rows=4, size=47, seed=seed)
    rotation = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))).Q
    value, gradient = value_and_gradient(batch, RULES[rule](), "key-in-batch", masked=False)
    for name in ("query", "key", "queue"):
        setattr(batch, name, getattr(batch, name) @ rotation)
    torch.testing.assert_close(
        value_and_gradient(batch, RULES[rule](), "key-in-batch", masked=False), (value, gradient @ rotation)
    )


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rule", [name for name in RULES if name != "hardest-all-but-one"])
def test_an_ordinary_queue_is_never_crowded(batch_of, chunks_of, monkeypatch, rule, masked):
    def unexpected(*arguments):
        raise AssertionError("a histogram's bin held too many scores")

    monkeypatch.setattr(histogram, "score_at", unexpected)
    chunks_of(200)
    batch = batch_of(rows=16, size=4096, dimension=32, dtype=torch.float32)
    value_and_gradient(batch, RULES[rule](), "none", masked)


@pytest.mark.parametrize("distinct", [1, 4])
@pytest.mark.parametrize("noise", [0.0, 3e-7], ids=["duplicates", "a rounding error apart"])
@pytest.mark.parametrize("rule", ["hardest", "easiest", "band", "drop-hardest", "threshold-minimum"])
def test_nearly_equal_keys_are_counted_exactly(monkeypatch, rule, noise, distinct):
    """A collapsed encoder's queue: equal dot products differ in their last bits with the shape of the product."""
    monkeypatch.setattr(chunks, "STORED_PAIRS", 0)  # the large queue's way, at a size for a unit test
    generator = torch.Generator().manual_seed(0)
    normalize = torch.nn.functional.normalize
    query = normalize(torch.randn(16, 32, generator=generator), dim=1)
    keys = normalize(torch.randn(distinct, 32, generator=generator), dim=1)
    queue = keys[torch.randint(distinct, (20_000,), generator=generator)]
    queue = normalize(queue + noise * torch.randn(queue.shape, generator=generator), dim=1)
    ranks = RULES[rule]().ranks(len(queue))
    kept = sum(
        len(chunk.similarity[0]) - chunk.dropped.sum(dim=1)
        for chunk in queue_in_chunks(Candidates(query, queue), ranks)
    )
    last = len(queue) if ranks.last is None else ranks.last
    above = 0 if ranks.above is None else max((query @ queue.T > ranks.above).sum(dim=1))
    assert kept.tolist() == [max(last - ranks.first, above)] * len(query)


class AllocationMeter(TorchDispatchMode):
    """Adds up the storages that operations make and that are still alive."""

    def __init__(self):
        super().__init__()
        self.alive, self.bytes, self.peak = {}, 0, 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        known = {t.untyped_storage()._cdata for t in arguments if isinstance(t, torch.Tensor)}
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage(), known)
        return result

    def _count(self, storage, known):
        identity = storage._cdata
        if identity in known or identity in self.alive:
            return
        self.alive[identity] = storage.nbytes()
        self.bytes += storage.nbytes()
        self.peak = max(self.peak, self.bytes)
        weakref.finalize(storage, self._release, identity)

    def _release(self, identity):
        self.bytes -= self.alive.pop(identity, 0)


def peak_bytes(rule):
    generator = torch.Generator().manual_seed(0)
    query = torch.nn.functional.normalize(torch.randn(256, 8, generator=generator), dim=1).requires_grad_()
    queue = torch.nn.functional.normalize(torch.randn(65536, 8, generator=generator), dim=1)
    meter = AllocationMeter()
    with meter:
        log_sum_of_negatives(Candidates(query, queue), rule.ranks(65536), 0.1).mean().backward()
    return meter.peak


@pytest.mark.parametrize(("rule", "limit"), [(All(), 0.1), (Hardest(fraction=0.25), 0.2)])
def test_a_large_queue_needs_a_small_part_of_the_plain_versions_memory(rule, limit):
    with plain_version():
        plain = peak_bytes(rule)
    assert plain >= 256 * 65536 * 4, "the meter must see the matrix"
    assert peak_bytes(rule) <= limit * plain
