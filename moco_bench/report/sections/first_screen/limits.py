"""What this number of seeds can decide by the suite's own rule, and what more seeds could, in a few sentences."""

import math
from collections.abc import Sequence

from moco_bench.analyse.claims import margin_in_words
from moco_bench.analyse.detectable import detectable_effect
from moco_bench.analyse.findings import could_decide
from moco_bench.analyse.signflip import seeds_needed
from moco_bench.analyse.text import number, p_value
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import DECIDED, count, unit_of_effect
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.report.sections.first_screen.headline import INGREDIENTS, seeds_of
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import MetricColumn

TRIED = (8, 12, 16, 24)
"""Numbers of seeds that are suggested to a reader."""


def smallest_corrected_p(row: Row) -> float:
    """The smallest p that the exact test can reach with this many seeds after Holm's correction."""
    return min(1.0, float(row["smallest_p"]) * int(row["family_size"]))


def limits_of(rows: Sequence[Row], metric: MetricColumn, config: AnalysisConfig) -> str:
    """What the seeds of one data set and encoder can't decide, and the minimum detectable effects."""
    rows = [row for row in rows if row["n_seeds"] > 0]
    if not rows:
        return "No seed has all the runs that a comparison needs."
    if any(row["finding"] == "interim" for row in rows):
        return (
            "The tests are made for the seeds that the suite plans. Estimates before the last of them may be looked "
            "at; a verdict from each look would be wrong more often than the tests say."
        )
    level = round(1 - config.confidence, 12)
    tests = max(int(row["family_size"]) for row in rows)
    weakest = max(rows, key=smallest_corrected_p)
    if not any(could_decide(row, config) for row in rows):
        corrected = f" ({p_value(smallest_corrected_p(weakest))} after correction for {tests} effects)" * (tests > 1)
        return (
            f"With {seeds_of(rows)} the exact test\u2019s p cannot fall below {p_value(weakest['smallest_p'])}"
            f"{corrected}, so no difference can be confirmed at {100 * level:.2g} %, nor can equivalence be shown. "
            f"Either conclusion needs at least {count(seeds_needed(level, tests), 'seed')}."
        )
    known = [float(row["detectable_effect"]) for row in rows if row["detectable_effect"] > 0]
    if not known:
        return "The smallest detectable effect is not known."
    sizes = " to ".join(dict.fromkeys(number(value, metric.decimals) for value in (min(known), max(known))))
    return (
        f"With this design, {seeds_of(rows)}, the smallest effects detectable with 80 % power are "
        f"{f'{sizes} {unit_of_effect(metric)}'.strip()}; differences within {margin_in_words(weakest)} can be shown "
        "to be none."
    )


def to_decide(results: Results, rows: Sequence[Row], metric: MetricColumn) -> str:
    """What is still to be run, or how many seeds could decide; the training time; empty if everything is decided."""
    suite = results.plan.suite
    waiting = equal_epochs(results.runs)
    waiting = waiting[waiting["status"] == "missing"]
    if any(row["finding"] == "interim" for row in rows):
        return f"The same command runs what is missing{_duration(results, len(waiting))}."
    undecided = [row for row in rows if row["finding"] not in DECIDED and row["n_seeds"] > 0]
    ingredients = [row for row in undecided if row["effect"] in INGREDIENTS]
    if not undecided or suite is None:
        return ""
    seeds, found = _enough(ingredients or undecided, results.plan.config, len(suite.seeds))
    if not seeds:
        return ""
    finds = (
        f" and would detect effects of {number(found, metric.decimals)} {unit_of_effect(metric)}".rstrip() + " or more"
    )
    runs = (seeds - len(suite.seeds)) * equal_epochs(results.finished).groupby(["dataset", "encoder", "arm"]).ngroups
    return (
        f"{seeds} seeds can decide{finds if found else ''}: {_how_to_have(seeds, suite.seeds)} in the suite file and "
        f"run the same command again; finished runs are kept{_duration(results, runs)}."
    )


def _how_to_have(seeds: int, now: Sequence[int]) -> str:
    """The change to the suite file; a number means seeds 0, 1, ..., which would drop any others."""
    if sorted(now) == list(range(len(now))):
        return f"set \u201cseeds: {seeds}\u201d"
    return f"add {count(seeds - len(now), 'seed')} to the list under \u201cseeds\u201d"


def _enough(rows: Sequence[Row], config: AnalysisConfig, have: int) -> tuple[int, float]:
    """The fewest seeds that can confirm anything, or else detect the margin, and their minimum detectable effect.

    (0, 0.0) where not even the most that are tried do.
    """
    level = round(1 - config.confidence, 12)
    spread, tests = max(float(row["standard_deviation"]) for row in rows), max(int(row["family_size"]) for row in rows)
    margin, needed = min(float(row["margin"]) for row in rows), seeds_needed(level, tests)
    for seeds in (seeds for seeds in TRIED if seeds > have and seeds >= needed):
        found = 0.0
        if spread > 0:
            found = detectable_effect(spread, seeds, tests=tests, level=level, resamples=config.resamples)
        if found <= margin or have < needed:
            return seeds, found
    return 0, 0.0


def _duration(results: Results, runs: int) -> str:
    """Estimated time to train so many further runs one after the other, from the finished runs."""
    seconds = float(equal_epochs(results.finished)["train_seconds"].mean())
    if math.isnan(seconds):
        return ""
    minutes = runs * seconds / 60
    time = f"{number(minutes / 60, 1)} hours" if minutes > 90 else count(max(1, round(minutes)), "minute")
    return f" ({runs} more runs, about {time} of training)"
