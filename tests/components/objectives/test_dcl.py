import torch
from equations import TAU, exponentials, found, written_out

from moco_bench.components.objectives.dcl import DCL


def test_dcl():
    def formula(q, k, keys):
        return -q @ k / TAU + torch.log(sum(exponentials(q, keys)))

    torch.testing.assert_close(found(objective=DCL()), written_out(formula))
