"""The kit on the package's own ideas, and on ideas with a fault each."""

from typing import Literal

import pytest
import torch
from pydantic import Field

from moco_bench.components import Negatives, Objective, Terms
from moco_bench.components import negatives as rules
from moco_bench.components.registry import built_in
from moco_bench.testing import check

SETTINGS = {
    "threshold": {"similarity": 0.2},
    "mochi": {"hardest": 8, "mixed": 4, "mixed_with_anchor": 4},
    "band": {"inner": 0.1, "outer": 0.5},
    "ring": {"inner": 0.1, "outer": 0.5},
    "drop-hardest": {"count": 3},
    "false-negative-elimination": {"count": 3},
}
STOPS = {"scaled-positive", "dual-temperature"}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in ("negatives", "objective") for name in built_in(kind)]
)
def test_the_packages_own_ideas_conform(kind, name):
    idea = built_in(kind)[name](**SETTINGS.get(name, {}))
    check(idea, stops_gradient=name in STOPS, order_matters=name == "random")


def test_a_filter_by_mass_conforms():
    check(rules.Hardest(mass=0.5))


class Good(Negatives):
    """Weighs by similarity."""

    rule: Literal["good"] = "good"
    power: float = Field(1.0, description="How much.")

    def log_weight(self, similarity, temperature):
        return self.power * similarity


def faulty(**changes):
    return type("Faulty", (Good,), {"__module__": __name__, "__doc__": Good.__doc__, **changes})()


def held_weight(self, similarity, temperature):
    return similarity.detach()


def by_slot(self, pairs, temperature):
    return pairs.log_sum(temperature) + pairs.keys[0].sum()


def by_image(self, pairs, temperature):
    return pairs.log_sum(temperature) + pairs.candidates.sample_index


def at_random(self, pairs, temperature):
    return pairs.log_sum(temperature) + torch.rand(())


def by_chunk(self, similarity, temperature):
    return similarity - similarity.mean(dim=1, keepdim=True)


def whole_matrix(self, pairs, temperature):
    return (pairs.anchor @ pairs.keys.T / temperature).logsumexp(dim=1)


def not_finite(self, pairs, temperature):
    return (pairs.log_sum(temperature).exp() - 1e9).log()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"log_weight": held_weight}, "stops_gradient=True"),
        ({"log_sum": by_slot}, "the order of the queue must not matter"),
        ({"log_sum": by_image}, "numbers of images"),
        ({"log_sum": at_random}, "the same step must give the same loss"),
        ({"log_weight": by_chunk}, "chunks must give what the plain way does"),
        ({"log_sum": whole_matrix}, "are held at a long queue"),
        ({"log_sum": not_finite}, "the loss must be finite"),
        ({"__doc__": "no sentence"}, "needs a docstring"),
    ],
)
def test_a_fault_is_found_and_told(changes, said):
    check(Good())
    with pytest.raises(AssertionError, match=said):
        check(faulty(**changes))


def test_a_loss_without_a_gradient_is_found():
    class Constant(Objective):
        """Nothing to learn."""

        name: Literal["constant"] = "constant"

        def terms(self, batch):
            return Terms(0 * batch.query.sum() + batch.query.detach().sum())

    with pytest.raises(AssertionError, match="the gradient is"):
        check(Constant())
