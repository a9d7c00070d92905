"""The loss of two temperatures against its equation."""

import pytest
import torch
from equations import KEY, QUERY, QUEUE, TAU, exponentials, found, written_out

from moco_bench.components.objectives.dual_temperature import DualTemperature
from moco_bench.contrast.loss import contrastive_terms


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
