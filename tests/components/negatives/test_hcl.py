"""Hard negatives by reweighing (HCL) against their equation."""

import math

import pytest
import torch
from equations import TAU, exponentials, found, info_nce, written_out

from moco_bench.components.negatives.debiased import Debiased
from moco_bench.components.negatives.hcl import HCL


@pytest.mark.parametrize(("beta", "prior"), [(1.0, 0.1), (0.5, 0.0), (2.0, 0.4)])
def test_hcl(beta, prior):
    def formula(q, k, keys):
        n = len(keys)
        positive = torch.exp(q @ k / TAU)
        terms = exponentials(q, keys)
        weights = [term**beta for term in terms]
        reweighed = sum(w * t for w, t in zip(weights, terms, strict=True)) / (sum(weights) / n)
        corrected = (reweighed - n * prior * positive) / (1 - prior)
        floor = torch.tensor(n * math.exp(-1 / TAU), dtype=torch.float64)
        return info_nce(positive, torch.maximum(corrected, floor))

    torch.testing.assert_close(found(negatives=HCL(beta=beta, positive_prior=prior)), written_out(formula))


def test_hcl_without_concentration_is_debiased():
    torch.testing.assert_close(found(negatives=HCL(beta=1e-9)), found(negatives=Debiased()), rtol=1e-6, atol=1e-7)
