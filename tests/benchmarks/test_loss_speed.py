"""Forward and backward of the loss by batch B, queue K, rule and reading, streamed and plain."""

from contextlib import nullcontext

import pytest
import torch
from torch.nn.functional import normalize

from moco_bench.bench.loss_cost import RULES, LossInputs
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.contrast.loss import contrastive_loss

VERSIONS = {"streamed": nullcontext, "plain": plain_version}


def timed(benchmark, inputs, version, **options):
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
def test_loss(benchmark, batch, size, rule, version):
    inputs = LossInputs.random(batch, size, 128, torch.device("cpu"))
    timed(benchmark, inputs, version, negatives=RULES[rule])


@pytest.mark.parametrize("reading", ["key-anchored", "key-in-batch", "query-queue", "scaled-positive"])
def test_reading(benchmark, generator, reading):
    inputs = LossInputs.random(256, 4096, 128, torch.device("cpu"))
    past_queries = normalize(torch.randn(4096, 128, generator=generator), dim=1)
    timed(benchmark, inputs, "streamed", dual_view=reading, query_queue=past_queries)
