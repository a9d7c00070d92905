from typing import ClassVar, Literal

import numpy as np
import pytest
import torch
from losses import READINGS, RULES, TAU, WEIGHT, gradient_of, loss_of
from torch.nn.functional import cross_entropy

from moco_bench.components import Negatives, Objective
from moco_bench.components.negatives import All, Hardest
from moco_bench.components.objectives import InfoNCE
from moco_bench.contrast.loss import contrastive_loss, contrastive_terms
from moco_bench.errors import InputError


def expected_value_and_gradient(reference, batch, rule, dual_view, masked):
    """Value and central differences of the independent formulation, its selections held where they are."""
    query, key, queue, query_queue = (
        getattr(batch, name).detach().numpy() for name in ("query", "key", "queue", "query_queue")
    )
    images = (batch.sample_index.tolist(), batch.queue_index.tolist()) if masked else (None, None)
    generator = torch.Generator().manual_seed(0)  # of a rule that is given none: one seed for each selection
    seeds = [torch.randint(-(2**31), 2**31, (2,), generator=generator).tolist() for _ in range(2)]
    keys = query_queue if dual_view == "query-queue" else queue
    fixed = {
        "temperature": TAU,
        "dual_view": dual_view,
        "key_weight": WEIGHT,
        "query_queue": query_queue,
        "kept": reference.selection(rule, query, queue, *images, seed=seeds[0], temperature=TAU),
        "kept_of_key": reference.selection(rule, key, keys, *images, seed=seeds[1], temperature=TAU),
    }
    fixed["sums"] = reference.negative_sums(query, queue, fixed["kept"], TAU)
    gradient, step = np.zeros_like(query), 1e-5
    for place in np.ndindex(*query.shape):
        ends = []
        for sign in (1, -1):
            moved = query.copy()
            moved[place] += sign * step
            ends.append(reference.loss(moved, key, queue, **fixed))
        gradient[place] = (ends[0] - ends[1]) / (2 * step)
    return reference.loss(query, key, queue, **fixed), gradient


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dual_view", READINGS)
def test_value_and_gradient_are_those_of_the_independent_formulation(reference, batch_of, dual_view, rule, masked):
    batch = batch_of(seed=3)
    value, gradient = expected_value_and_gradient(reference, batch, RULES[rule](), dual_view, masked)
    assert loss_of(batch, RULES[rule](), dual_view, masked).item() == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(gradient_of(batch, RULES[rule](), dual_view, masked), gradient, rtol=1e-6, atol=1e-8)


def test_all_and_none_is_the_cross_entropy_of_moco(batch_of):
    batch = batch_of(rows=16, size=64, dimension=8, dtype=torch.float32)
    query = batch.query.clone().requires_grad_()
    logits = torch.cat([(query * batch.key).sum(1, keepdim=True), query @ batch.queue.T], dim=1) / TAU
    moco = cross_entropy(logits, torch.zeros(16, dtype=torch.int64))
    moco.backward()
    torch.testing.assert_close(loss_of(batch), moco)
    torch.testing.assert_close(gradient_of(batch), query.grad)


def test_hardest_of_the_whole_queue_is_all(batch_of):
    batch = batch_of()
    for dual_view in READINGS:
        assert loss_of(batch, Hardest(count=11), dual_view) == loss_of(batch, All(), dual_view)
    assert loss_of(batch, Hardest(fraction=0.5)) < loss_of(batch, All())


def test_key_in_batch_repels_the_other_queries_and_is_never_filtered(batch_of):
    batch = batch_of(rows=4)
    totals = [
        contrastive_terms(
            batch.query, batch.key, batch.queue, temperature=TAU, dual_view="key-in-batch", negatives=rule
        )
        for rule in (All(), Hardest(count=1))
    ]
    assert totals[0].key_term == totals[1].key_term
    assert totals[0].query_term != totals[1].query_term
    gradient = gradient_of(batch, All(), "key-in-batch", key_weight=1.0)
    off_key = gradient - (gradient * batch.key).sum(1, keepdim=True) * batch.key
    assert off_key.norm(dim=1).min() > 1e-3


def test_the_total_weighs_the_terms(batch_of):
    batch = batch_of()
    arguments = {"temperature": TAU, "dual_view": "key-in-batch"}
    for weight in (0.0, 0.25, 1.0):
        terms = contrastive_terms(batch.query, batch.key, batch.queue, key_weight=weight, **arguments)
        torch.testing.assert_close(terms.total, (1 - weight) * terms.query_term + weight * terms.key_term)
    assert contrastive_terms(batch.query, batch.key, batch.queue, temperature=TAU).key_term is None


@pytest.mark.parametrize("width", [None, 1, 4])
@pytest.mark.parametrize("rule", RULES)
def test_an_anchor_without_negatives_counts_as_zero(batch_of, chunks_of, rule, width):
    chunks_of(width)
    batch = batch_of(dtype=torch.float32)
    batch.queue_index = torch.zeros(11, dtype=torch.int64)  # every key is of the first query's image
    batch.query.requires_grad_()
    first = (batch.query[:1], batch.key[:1], batch.queue)
    arguments = {"temperature": TAU, "negatives": RULES[rule](), "queue_index": batch.queue_index}
    alone = contrastive_loss(*first, sample_index=torch.zeros(1, dtype=torch.int64), **arguments)
    assert alone == 0
    loss_of(batch, RULES[rule](), "key-anchored", masked=True).backward()
    assert batch.query.grad.isfinite().all()
    assert (batch.query.grad[0] == 0).all()


def test_a_masked_key_takes_no_place_among_the_hardest(batch_of):
    batch = batch_of(rows=1)
    batch.queue[5] = batch.query[0]
    batch.queue_index = torch.full((11,), -1)
    batch.queue_index[5] = 0
    others = torch.arange(11) != 5
    masked = loss_of(batch, Hardest(count=3), masked=True)
    batch.queue = batch.queue[others]
    torch.testing.assert_close(masked, loss_of(batch, Hardest(count=3)))


def test_bfloat16_and_autocast_are_computed_in_float32(batch_of):
    batch = batch_of(rows=8, size=64, dimension=16, dtype=torch.float32)
    exact = loss_of(batch, Hardest(count=8), "key-in-batch")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss_of(batch, Hardest(count=8), "key-in-batch") == exact
    batch.query = batch.query.bfloat16().requires_grad_()
    loss = loss_of(batch, Hardest(count=8), "key-in-batch")
    loss.backward()
    assert loss.dtype == torch.float32
    assert batch.query.grad.dtype == torch.bfloat16


class Centres(Objective):
    """Writes into one of the tensors that it is given."""

    name: Literal["centres"] = "centres"
    which: str = "queue"
    needs_query_queue: ClassVar[bool] = True

    def terms(self, batch):
        """MoCo's, after the change."""
        getattr(batch, self.which).sub_(0.01)
        return InfoNCE().terms(batch)


class Drifts(Negatives):
    """Changes the queue while it weighs its keys."""

    rule: Literal["drifts"] = "drifts"

    def log_sum(self, pairs, temperature):
        """After the change."""
        pairs.candidates.queue.mul_(0.5)
        return super().log_sum(pairs, temperature)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"objective": Centres()}, "loss centres with rule all: writes into `queue`"),
        ({"objective": Centres(which="key")}, "loss centres with rule all: writes into `key`"),
        ({"objective": Centres(which="query_queue")}, "loss centres with rule all: writes into `query_queue`"),
        ({"negatives": Drifts()}, "with rule drifts: writes into `queue`"),
    ],
)
def test_a_formula_that_writes_into_what_later_steps_need_is_refused(batch_of, own, said):
    batch = batch_of()
    arguments = {"temperature": TAU, "query_queue": batch.query_queue, **own}
    with pytest.raises(InputError, match=said):
        contrastive_loss(batch.query, batch.key, batch.queue, **arguments)
