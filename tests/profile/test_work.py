"""FLOPs of a step, the fraction of the peak, and energy."""

import pytest

from moco_bench.profile.stepper import Stepper
from moco_bench.profile.work import count_flops, work_rows


def test_arithmetic_of_a_step_follows_from_shapes(make_runs, dataset):
    runs = make_runs("vanilla", "dual")
    flops = {arm: count_flops(Stepper(run, dataset)) for arm, run in runs.items()}
    batch, queue, dimension = 16, 64, 16
    assert flops["vanilla"]["loss"] == 2 * 2 * batch * queue * dimension  # similarity, and the average of keys
    assert flops["dual"]["loss"] - flops["vanilla"]["loss"] == 2 * batch * batch * dimension
    assert flops["vanilla"]["key_forward"] == flops["vanilla"]["query_forward"]
    assert flops["vanilla"]["optimiser"] == 0


def test_the_share_of_the_ceiling():
    from moco_bench.measure.ceiling import Ceiling
    from moco_bench.profile.timing import Sample

    times = [{"arm": "a", "part": "step", "median_ms": 10.0}, {"arm": "a", "part": "loss", "median_ms": 2.0}]
    samples = [Sample("a", 0, number, "step", 10.0, 0.0, 1.0, joules) for number, joules in enumerate((2.0, 4.0, 3.0))]
    encoders, rest = Ceiling(1e6, 1.0, "bfloat16"), Ceiling(5e5, 1.0, "float32")
    whole, loss = work_rows("a", {"loss": 500}, times, samples, encoders, rest, images=12)
    assert whole["flops_per_second"] == 5e4
    assert whole["share_of_ceiling"] == pytest.approx(0.05)
    assert whole["images_per_joule"] == 4.0
    assert loss["share_of_ceiling"] == pytest.approx(0.5)
    assert loss["joules"] is None
    assert whole["energy"] == "measured"


@pytest.mark.parametrize(
    ("joules", "per_step", "said"),
    [((0.0, 6.0, 0.0), 2.0, "measured"), ((0.0, 0.0), None, "never moved"), ((None, None), None, "not readable")],
)
def test_energy_is_that_of_all_rounds_together(joules, per_step, said):
    """A counter that moves every few milliseconds gives most short turns nothing."""
    from moco_bench.measure.ceiling import Ceiling
    from moco_bench.profile.timing import Sample

    samples = [Sample("a", number, 0, "step", 10.0, 0.0, 1.0, used) for number, used in enumerate(joules)]
    ceiling = Ceiling(1e6, 1.0, "float32")
    (whole,) = work_rows("a", {}, [], samples, ceiling, ceiling, images=12)
    assert whole["joules"] == per_step
    assert whole["images_per_joule"] == (6.0 if per_step else None)
    assert said in whole["energy"]
