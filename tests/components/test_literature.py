"""Published ideas against their equations, written out in float64, one anchor and one sum at a time."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from moco_bench.components.negatives.debiased import Debiased
from moco_bench.components.negatives.false_negative_elimination import FalseNegativeElimination
from moco_bench.components.negatives.hcl import HCL
from moco_bench.components.negatives.mochi import MoCHi
from moco_bench.components.negatives.ring import Ring
from moco_bench.components.objectives.dcl import DCL
from moco_bench.components.objectives.dual_temperature import DualTemperature
from moco_bench.components.objectives.false_negative_attraction import FalseNegativeAttraction
from moco_bench.contrast import AtStep, contrastive_loss, contrastive_terms
from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.pairs import Pairs
from moco_bench.suite.identity.run import identity

TAU = 0.3


def rows(count, seed, dimension=5):
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, dimension, generator=generator, dtype=torch.float64), dim=1)


QUERY, QUEUE = rows(6, 0), rows(23, 2)
KEY = normalize(QUERY + 0.5 * rows(6, 1), dim=1)
OWN, IMAGES = torch.arange(6), torch.tensor([0, 0, 3, *range(100, 120)])


def found(**settings):
    query = QUERY.clone().requires_grad_()
    images = {"sample_index": OWN, "queue_index": IMAGES}
    loss = contrastive_loss(query, KEY, QUEUE, temperature=settings.pop("temperature", TAU), **images, **settings)
    loss.backward()
    return loss.detach(), query.grad


def written_out(formula):
    """The mean of a formula of one query, its key and the keys of other images, with its gradient."""
    query = QUERY.clone().requires_grad_()
    losses = [formula(query[i], KEY[i], QUEUE[OWN[i] != IMAGES]) for i in range(len(QUERY))]
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.detach(), query.grad


def exponentials(q, keys, tau=TAU):
    return [torch.exp(q @ n / tau) for n in keys]


def info_nce(positive, negative):
    return -torch.log(positive / (positive + negative))


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


@pytest.mark.parametrize(("progress", "last"), [(0.0, 1.0), (0.5, 0.6), (1.0, 0.2)])
def test_ring_closes_in(progress, last):
    rule = Ring(inner=0.1, outer=0.2, start=1.0)

    def formula(q, k, keys):
        ordered = keys[(keys @ q).argsort(descending=True)]
        return info_nce(torch.exp(q @ k / TAU), sum(exponentials(q, ordered[round(2.3) : round(23 * last)])))

    torch.testing.assert_close(found(negatives=AtStep(rule, progress=progress)), written_out(formula))


def test_false_negatives_are_sought_from_the_other_view():
    def formula(q, k, keys):
        kept = keys[(keys @ k).argsort(descending=True)[3:]]
        return info_nce(torch.exp(q @ k / TAU), sum(exponentials(q, kept)))

    torch.testing.assert_close(found(negatives=FalseNegativeElimination(count=3)), written_out(formula))
    assert FalseNegativeElimination().ranks(4096).first == 4


def test_dcl():
    def formula(q, k, keys):
        return -q @ k / TAU + torch.log(sum(exponentials(q, keys)))

    torch.testing.assert_close(found(objective=DCL()), written_out(formula))


@pytest.mark.parametrize("ratio", [10.0, 2.0])
def test_dual_temperature(ratio):
    def formula(q, k, keys):
        def probability(tau):
            positive = torch.exp(q @ k / tau)
            return positive / (positive + sum(exponentials(q, keys, tau)))

        weight = (1 - probability(ratio * TAU)) / (1 - probability(TAU))
        return weight.detach() * -torch.log(probability(TAU))

    torch.testing.assert_close(found(objective=DualTemperature(ratio=ratio)), written_out(formula))


def test_at_one_temperature_it_is_info_nce():
    torch.testing.assert_close(found(objective=DualTemperature(ratio=1.0)), found())


def test_a_selection_by_mass_is_made_at_the_steps_own_temperature():
    from moco_bench.components.negatives import Hardest

    rule = Hardest(mass=0.5)
    terms = contrastive_terms(QUERY, KEY, QUEUE, temperature=TAU, objective=DualTemperature(), negatives=rule)
    kept = []
    for q in QUERY:
        ordered = (QUEUE @ q).sort(descending=True).values
        weights = (ordered / TAU).exp()
        kept.append(ordered[: int((weights.cumsum(0) < 0.5 * weights.sum()).sum()) + 1])

    def probability(tau, i):
        positive = torch.exp(QUERY[i] @ KEY[i] / tau)
        return positive / (positive + (kept[i] / tau).exp().sum())

    losses = [
        (1 - probability(10 * TAU, i)) / (1 - probability(TAU, i)) * -torch.log(probability(TAU, i)) for i in range(6)
    ]
    torch.testing.assert_close(terms.total, torch.stack(losses).mean())


def test_extreme_temperatures_stay_finite():
    for rule in (Debiased(), HCL(), HCL(beta=50.0), MoCHi(hardest=4)):
        for temperature in (0.005, 20.0):
            loss, gradient = found(negatives=rule, temperature=temperature)
            assert loss.isfinite()
            assert gradient.isfinite().all()


def test_their_settings_are_those_of_the_papers():
    assert Debiased().positive_prior == 0.1
    assert (HCL().beta, HCL().positive_prior) == (1.0, 0.1)
    assert DualTemperature().ratio == 10
    assert (Ring().inner, Ring().outer) == (0.01, 0.1)
    assert identity(Debiased()) == {"rule": "debiased"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Ring(inner=0.2, outer=0.1), "must be below"),
        (lambda: Ring(outer=0.5, start=0.4), "at most `start`"),
        (lambda: MoCHi(hardest=50).check(49), "hardest must be at most 49"),
        (lambda: FalseNegativeElimination(fraction=1.0).check(10), "leaves no negative"),
    ],
)
def test_impossible_settings_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("settings", "count"), [({"count": 3}, 3), ({"fraction": 0.2}, 5), ({}, 1), ({"count": 40}, 40)]
)
def test_false_negative_attraction(settings, count):
    def formula(q, k, keys):
        order = sorted(range(len(keys)), key=lambda j: -float(k @ keys[j]))[:count]
        total = torch.exp(q @ k / TAU) + sum(exponentials(q, keys))
        attracted = [k, *(keys[j] for j in order)]
        return -sum(torch.log(torch.exp(q @ one / TAU) / total) for one in attracted) / len(attracted)

    torch.testing.assert_close(found(objective=FalseNegativeAttraction(**settings)), written_out(formula))


def test_attraction_without_false_negatives_is_mocos_loss():
    images = {"sample_index": OWN, "queue_index": torch.zeros_like(IMAGES)}
    batch = {"query": QUERY[:1], "key": KEY[:1], "queue": QUEUE, "temperature": TAU}
    images["sample_index"] = OWN[:1]
    loss = contrastive_loss(**batch, **images, objective=FalseNegativeAttraction())
    assert float(loss) == 0
