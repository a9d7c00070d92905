"""Forward and backward of each encoder in each precision, a batch of 64."""

import pytest
import torch

from benchmarks.peers.settings import ENCODERS
from moco_bench.measure.machine import bfloat16_hardware
from moco_bench.models.encoder import build_encoder

WITHOUT_BFLOAT16 = pytest.mark.skipif(bfloat16_hardware() == "none", reason="no bfloat16 in hardware")


@pytest.mark.parametrize("precision", [torch.float32, pytest.param(torch.bfloat16, marks=WITHOUT_BFLOAT16)], ids=str)
@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "forward-backward"])
def test_encoder(benchmark, generator, name, precision, backward, timed):
    encoder = build_encoder(ENCODERS[name], channels=3, image_size=32, seed=0).to(memory_format=torch.channels_last)
    batch = 64 if timed else 2
    images = torch.randn(batch, 3, 32, 32, generator=generator).contiguous(memory_format=torch.channels_last)

    def step():
        with (
            torch.set_grad_enabled(backward),
            torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision is torch.bfloat16),
        ):
            embedding = encoder(images)
        if backward:
            encoder.zero_grad(set_to_none=True)
            embedding.float().square().mean().backward()
        return embedding

    assert benchmark.pedantic(step, rounds=5, warmup_rounds=1).shape == (batch, 128)
