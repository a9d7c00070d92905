"""Forward and backward of the loss by batch B, queue K, rule and reading, streamed and plain."""

from contextlib import nullcontext

import pytest
import torch
from torch.nn.functional import normalize

from benchmarks.peers.loss_cost import LossInputs
from moco_bench.components.negatives import Hardest, Threshold
from moco_bench.components.negatives.mochi import MoCHi
from moco_bench.components.registry import built_in
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.contrast.loss import contrastive_loss

SEED = 0
RULES = {
    **{name: idea for name, idea in built_in("negatives").items() if name != "threshold"},
    "mochi": lambda: MoCHi(hardest=16),
    "threshold": lambda: Threshold(similarity=0.1, minimum=1),
    "hardest by mass": lambda: Hardest(mass=0.5),
}
VERSIONS = {"streamed": nullcontext, "plain": plain_version}


@pytest.fixture
def inputs_of(timed):
    """A function from B and K to inputs; few pairs where nothing is timed."""

    def make(batch: int, size: int) -> LossInputs:
        return LossInputs.random(batch if timed else 8, size if timed else size // 64, 128, torch.device("cpu"))

    return make


def time_step(benchmark, inputs, version, **options):
    def step():
        inputs.query.grad = None
        with VERSIONS[version]():
            loss = contrastive_loss(inputs.query, inputs.key, inputs.queue, temperature=0.1, **options)
            loss.backward()
        return loss

    assert benchmark.pedantic(step, rounds=5, warmup_rounds=1).isfinite()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [4096, 65536])
@pytest.mark.parametrize("batch", [64, 256])
def test_loss(benchmark, inputs_of, batch, size, rule, version):
    time_step(benchmark, inputs_of(batch, size), version, negatives=RULES[rule]())


@pytest.mark.parametrize("size", [4096, 65536])
@pytest.mark.parametrize("batch", [64, 256])
@pytest.mark.parametrize("reading", ["key-anchored", "key-in-batch", "query-queue", "scaled-positive"])
def test_reading(benchmark, inputs_of, generator, reading, batch, size):
    inputs = inputs_of(batch, size)
    past_queries = normalize(torch.randn(len(inputs.queue), 128, generator=generator), dim=1)
    time_step(benchmark, inputs, "streamed", dual_view=reading, query_queue=past_queries)


@pytest.mark.parametrize("size", [4096, 65536])
@pytest.mark.parametrize("batch", [64, 256])
def test_symmetric(benchmark, inputs_of, batch, size):
    """The mean of two calls, each view being the query once."""
    first = inputs_of(batch, size)
    second = LossInputs(first.key.clone().requires_grad_(), first.query.detach(), first.queue)

    def step():
        losses = []
        for inputs in (first, second):
            inputs.query.grad = None
            losses.append(contrastive_loss(inputs.query, inputs.key, inputs.queue, temperature=0.1))
        loss = torch.stack(losses).mean()
        loss.backward()
        return loss

    assert benchmark.pedantic(step, rounds=5, warmup_rounds=1).isfinite()
