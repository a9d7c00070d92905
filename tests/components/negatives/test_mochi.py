"""Mixed negatives (MoCHi) against their description."""

import torch
from equations import IMAGES, OWN, QUERY, QUEUE, TAU, exponentials, found, info_nce, written_out

from moco_bench.components.negatives.mochi import MoCHi
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.pairs import AtStep, Pairs


def test_mochi():
    rule, generator = MoCHi(hardest=5, mixed=3, mixed_with_anchor=4), torch.Generator().manual_seed(9)
    images = (OWN, IMAGES)
    pairs = Pairs(Candidates(QUERY, QUEUE, *images), AtStep(rule).ranks(23), torch.zeros(6), AtStep(rule, generator))
    added = rule.extra_keys(pairs)
    assert added.shape == (6, 7, 5)
    torch.testing.assert_close(added.norm(dim=2), torch.ones(6, 7, dtype=torch.float64))
    for i in range(6):
        hardest = pairs.keys[pairs.hardest(5)[i]]
        others = QUEUE[OWN[i] != IMAGES]
        torch.testing.assert_close(hardest, others[(others @ QUERY[i]).argsort(descending=True)[:5]])
        # Each is a combination of two unit vectors with weights that are not negative: of two of the hardest, or of
        # one and the anchor, whose weight is below a half.
        for j in range(7):
            ends = [(n, m) for n in hardest for m in hardest] if j < 3 else [(QUERY[i], n) for n in hardest]
            solutions = [torch.linalg.lstsq(torch.stack(pair, dim=1), added[i, j][:, None]) for pair in ends]
            fits = [
                s.solution.flatten() / s.solution.sum()
                for s, pair in zip(solutions, ends, strict=True)
                if torch.allclose(torch.stack(pair, dim=1) @ s.solution, added[i, j][:, None], atol=1e-8)
            ]
            assert any((part >= -1e-9).all() and (j < 3 or part[0] <= 0.5 + 1e-9) for part in fits), (i, j)

    def formula_of(extra):
        def formula(q, k, keys):
            synthetic = extra[int((q.detach() == QUERY).all(dim=1).nonzero())]
            return info_nce(torch.exp(q @ k / TAU), sum(exponentials(q, [*keys, *synthetic])))

        return formula

    step = AtStep(rule, torch.Generator().manual_seed(9))
    torch.testing.assert_close(found(negatives=step), written_out(formula_of(added)))
    other = found(negatives=AtStep(rule, torch.Generator().manual_seed(10)))
    assert other[0] != found(negatives=AtStep(rule, torch.Generator().manual_seed(9)))[0]
