import torch
from equations import TAU, exponentials, found, info_nce, written_out

from moco_bench.components.negatives.false_negative_elimination import FalseNegativeElimination


def test_false_negatives_are_sought_from_the_other_view():
    def formula(q, k, keys):
        kept = keys[(keys @ k).argsort(descending=True)[3:]]
        return info_nce(torch.exp(q @ k / TAU), sum(exponentials(q, kept)))

    torch.testing.assert_close(found(negatives=FalseNegativeElimination(count=3)), written_out(formula))
    assert FalseNegativeElimination().ranks(4096).first == 4
