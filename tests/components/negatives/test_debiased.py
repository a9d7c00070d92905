"""Debiased negatives against their equation."""

import math

import pytest
import torch
from equations import TAU, exponentials, found, info_nce, written_out

from moco_bench.components.negatives.debiased import Debiased


@pytest.mark.parametrize("prior", [0.0, 0.1, 0.6, 0.9])
def test_debiased(prior):
    floors = []

    def formula(q, k, keys):
        n = len(keys)
        positive = torch.exp(q @ k / TAU)
        corrected = (sum(exponentials(q, keys)) - n * prior * positive) / (1 - prior)
        floor = n * math.exp(-1 / TAU)
        floors.append(bool(corrected <= floor))
        return info_nce(positive, corrected if corrected > floor else torch.tensor(floor, dtype=torch.float64))

    torch.testing.assert_close(found(negatives=Debiased(positive_prior=prior)), written_out(formula))
    assert any(floors) == (prior > 0)
    assert all(floors) == (prior > 0.5)
