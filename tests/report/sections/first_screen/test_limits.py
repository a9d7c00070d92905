"""What so many seeds can decide, against the exact test itself: 2 of 2^n sign patterns are the most extreme ones."""

import pytest

from moco_bench.analyse.findings import could_decide
from moco_bench.report.sections.first_screen.limits import limits_of, smallest_corrected_p
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import METRICS

KNN, CONFIG = METRICS["knn_top1"], AnalysisConfig()


def row(seeds, family=3, **changes):
    usual = {
        "metric": "knn_top1", "n_seeds": seeds, "smallest_p": 2 / 2**seeds, "family_size": family,
        "detectable_effect": 0.8, "margin": 1, "finding": "inconclusive", "standard_deviation": 0.5,
    }  # fmt: skip
    return {**usual, **changes}


@pytest.mark.parametrize(("family", "enough"), [(1, 6), (3, 7), (10, 9)])
def test_the_fewest_seeds_that_can_confirm_anything(family, enough):
    assert could_decide(row(enough, family), CONFIG)
    assert not could_decide(row(enough - 1, family), CONFIG)
    said = limits_of([row(enough - 1, family)], KNN, CONFIG)
    assert f"{enough - 1} seeds" in said
    assert "no difference can be confirmed at 5 %" in said
    assert said.endswith(f"at least {enough} seeds.")


def test_a_level_that_is_reached_exactly_is_reached():
    assert smallest_corrected_p(row(2, smallest_p=0.01, family_size=5)) == 0.05
    assert could_decide(row(2, smallest_p=0.01, family_size=5), CONFIG)
    assert smallest_corrected_p(row(1, family=10)) == 1.0


def test_where_something_can_be_found_it_says_how_small():
    said = limits_of([row(8), row(8, detectable_effect=1.5), row(0)], KNN, CONFIG)
    assert "8 seeds" in said
    assert "0.80 to 1.50 points" in said
    assert said.endswith("Equivalence within 1 point can be shown.")


@pytest.mark.parametrize(
    ("spreads", "said"),
    [
        ((1.49, 1.50), "can be shown for 1 of 2 effects; the others vary too much."),
        ((1.50, 9.0), "The effects vary too much to show equivalence within 1 point."),
    ],
)
def test_equivalence_that_no_mean_could_show_is_not_promised(spreads, said):
    """Eight seeds: t(0.95, 7) x 1.4929 / sqrt(8) = 1."""
    assert limits_of([row(8, standard_deviation=spread) for spread in spreads], KNN, CONFIG).endswith(said)


def test_no_seed_is_said_too():
    assert limits_of([row(0)], KNN, CONFIG) == "No seed has all the runs that a comparison needs."
