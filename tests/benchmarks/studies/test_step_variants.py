"""The steps that are compared: what is printed and that they compute the same, not how fast they are."""

import argparse

import pytest
import torch

from benchmarks.studies import step_variants


def test_variants_of_a_step_are_timed_beside_the_usual_one(capsys):
    variants = ["usual", "contiguous", "fused-optimiser", "in-place-relu-backward"]
    assert step_variants.main(["--batch-size", "16", "--rounds", "1", "--only", *variants]) == 0
    rows = {line.split()[0]: float(line.split()[1]) for line in capsys.readouterr().out.splitlines()[3:]}
    assert list(rows) == variants
    assert all(ratio > 0 for ratio in rows.values())


@pytest.mark.parametrize("name", ["fused-optimiser", "in-place-relu-backward", "contiguous"])
def test_a_variant_of_a_step_computes_the_same(name):
    options = argparse.Namespace(encoder="resnet-compact", batch_size=16, precision="float32", threads=1)
    weights = []
    for build in (step_variants.usual, step_variants.VARIANTS[name]):
        stepper = build(options)
        for _ in range(2):
            stepper.step()
        weights.append(torch.cat([parameter.flatten() for parameter in stepper.state.query_encoder.parameters()]))
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-5)
