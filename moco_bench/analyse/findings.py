"""Classifies an effect by one rule: a difference, equivalence, a leaning, or inconclusive."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from moco_bench.suite.config.analysis import AnalysisConfig

Finding = Literal[
    "higher", "lower", "equivalent", "leans-higher", "leans-lower", "leans-equivalent", "inconclusive", "interim",
    "no-data",
]  # fmt: skip

LEANING_FROM = 3
ROUNDING = 1e-12
"""Tolerance of comparisons with levels such as 1 - 0.95: a p that equals its level counts as reached."""


def finding_of(row: Mapping[Any, Any], config: AnalysisConfig) -> Finding:
    """The finding of one row of `effects.csv`.

    `higher` or `lower`: the interval leaves out zero *and* the Holm-adjusted exact p is at most 1 - confidence.
    `equivalent`: else, two one-sided tests, by t and by sign flips, both put the effect inside the margin after Holm's
    correction, and there are seeds enough that a difference could have been found (`could_decide`).
    `leans-...`: the t side says so from three seeds or more, the exact test or the correction can't or doesn't confirm
    it (two seeds may agree to the last digit by chance: accuracies come in steps). `inconclusive`: anything else.
    `interim`: seeds that the suite plans are still to be run; a verdict before would be one more look at the same test.
    Where all seeds' differences are equal there is no interval and no t-test, and the exact tests decide alone.
    """
    level = 1 - config.confidence + ROUNDING
    low, high = row["ci_low"], row["ci_high"]
    if math.isnan(row["estimate"]):
        return "no-data"
    if row.get("n_pending", 0) > 0:
        return "interim"
    if row["n_seeds"] >= LEANING_FROM and math.isnan(low) and math.isnan(high) and _equal(row):
        low = high = row["estimate"]
    side = "higher" if low > 0 else "lower" if high < 0 else None
    if side and row["p_holm"] <= level:
        return "higher" if side == "higher" else "lower"
    if row["p_equivalence_holm"] <= level and could_decide(row, config):
        return "equivalent"
    if row["n_seeds"] < LEANING_FROM or _equal(row):
        return "inconclusive"
    if side:
        return "leans-higher" if side == "higher" else "leans-lower"
    return "leans-equivalent" if row["p_equivalence"] <= level else "inconclusive"


def _equal(row: Mapping[Any, Any]) -> bool:
    """Whether several seeds have equal differences."""
    return bool(row["n_seeds"] > 1 and math.isnan(row["p_equivalence"]))


def could_decide(row: Mapping[Any, Any], config: AnalysisConfig) -> bool:
    """Whether any data from this many seeds could have shown a difference that survives correction.

    One-sided tests reach half the p of two-sided ones, so one seed less would do for equivalence: a design that can't
    support a claim could then contradict it.
    """
    return bool(row["smallest_p"] * row["family_size"] <= 1 - config.confidence + ROUNDING)
