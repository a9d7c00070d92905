import pytest
import torch
from equations import TAU, exponentials, found, info_nce, written_out

from moco_bench.components.negatives.ring import Ring
from moco_bench.contrast.pairs import AtStep


@pytest.mark.parametrize(("progress", "last"), [(0.0, 1.0), (0.5, 0.6), (1.0, 0.2)])
def test_ring_closes_in(progress, last):
    rule = Ring(inner=0.1, outer=0.2, start=1.0)

    def formula(q, k, keys):
        ordered = keys[(keys @ q).argsort(descending=True)]
        return info_nce(torch.exp(q @ k / TAU), sum(exponentials(q, ordered[round(2.3) : round(23 * last)])))

    torch.testing.assert_close(found(negatives=AtStep(rule, progress=progress)), written_out(formula))
