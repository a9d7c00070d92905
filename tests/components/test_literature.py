"""Published ideas: their settings are those of the papers, and extreme temperatures stay finite."""

import pytest
from equations import found

from moco_bench.components.negatives.debiased import Debiased
from moco_bench.components.negatives.false_negative_elimination import FalseNegativeElimination
from moco_bench.components.negatives.hcl import HCL
from moco_bench.components.negatives.mochi import MoCHi
from moco_bench.components.negatives.ring import Ring
from moco_bench.components.objectives.dual_temperature import DualTemperature
from moco_bench.suite.identity.run import identity


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
