"""What this number of seeds can decide by the suite's own rule, and what more seeds could, in a few sentences."""

import itertools
import math
from collections.abc import Sequence

import pandas as pd

from moco_bench.analyse.claims import margin_in_words
from moco_bench.analyse.detectable import detectable_dz
from moco_bench.analyse.equivalence import narrow_enough
from moco_bench.analyse.findings import LEANING_FROM, could_decide
from moco_bench.analyse.signflip import seeds_needed
from moco_bench.analyse.text import number, p_value
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import DECIDED, count, unit_of_effect
from moco_bench.report.read.results import Results
from moco_bench.report.sections.first_screen.headline import INGREDIENTS, not_judged, seeds_of
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import MetricColumn
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import search_seed

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
            "The tests are made for the seeds that the suite plans. You may look at estimates before the last of them; "
            "testing at every look would raise the false-positive rate (optional stopping)."
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
        f"{f'{sizes} {unit_of_effect(metric)}'.strip()}. {_equivalence(rows, config)}."
    )


def _equivalence(rows: Sequence[Row], config: AnalysisConfig) -> str:
    """For how many effects the seeds' spread lets equivalence be shown at all."""
    margin, level = margin_in_words(rows[0]), 1 - config.confidence
    able = sum(
        narrow_enough(float(row["standard_deviation"]), int(row["n_seeds"]), float(row["margin"]), level)
        for row in rows
    )
    if able == len(rows):
        return f"Equivalence within {margin} can be shown"
    if able:
        return f"Equivalence within {margin} can be shown for {able} of {len(rows)} effects; the others vary too much"
    return f"The effects vary too much to show equivalence within {margin}"


def to_decide(results: Results, rows: Sequence[Row], metric: MetricColumn) -> str:
    """What is still to be run, or how many seeds could decide; the training time; empty if everything is decided.

    No number of seeds helps a baseline that learnt too little. Where the planned seeds could have decided, more of them
    would be a second look at the same question, so fresh seeds in a suite of their own are named instead.
    """
    suite, config = results.plan.suite, results.plan.config
    if any(row["n_pending"] > 0 for row in rows):
        return f"The same command runs what is missing{_duration(results, _missing(results))}."
    undecided = [row for row in rows if row["finding"] not in DECIDED and not not_judged(row)]
    if not undecided or suite is None:
        return ""
    paired = [row for row in undecided if row["n_seeds"] > 0]
    chosen = [row for row in paired if row["effect"] in INGREDIENTS] or paired
    looked = any(could_decide(row, config) for row in chosen)
    seeds, found = _enough(chosen, config, 0 if looked else len(suite.seeds)) if chosen else (0, 0.0)
    if not seeds:
        return ""
    finds = "are enough for a verdict"
    if found:
        least = f"{number(found, metric.decimals)} {unit_of_effect(metric)}".strip()
        finds = f"would detect effects of {least} or more with 80 % power, judging by the spread of {seeds_of(chosen)}"
    if looked:
        time = _duration(results, seeds * _runs_of_a_seed(results, suite))
        return (
            f"{seeds} fresh seeds {finds}. Declare them in a suite of its own, with {_fresh(seeds, suite)}{time}; "
            "adding seeds to this one and testing again would raise the false-positive rate."
        )
    more = (seeds - len(suite.seeds)) * _runs_of_a_seed(results, suite)
    return (
        f"{seeds} seeds {finds}: {_how_to_have(seeds, suite)} in the suite file and run the same command again; "
        f"finished runs are kept{_duration(results, more)}."
    )


def distinct_runs(results: Results) -> pd.DataFrame:
    """The rows of runs.csv, without the second row of a run that serves at two budgets."""
    return results.runs.drop_duplicates([*_ONE_RUN, "seed", "replicate"])


def _missing(results: Results) -> int:
    """Number of runs that are still to be made."""
    return int((distinct_runs(results)["status"] == "missing").sum())


_ONE_RUN = ["dataset", "encoder", "arm", "fingerprint"]


def _runs_of_a_seed(results: Results, suite: Suite) -> int:
    """Number of runs that a further seed trains: encoders from elsewhere take none."""
    elsewhere = {run.arm for run in expand(suite) if run.checkpoint is not None}
    of_seed = results.runs[(results.runs["seed"] == suite.seeds[0]) & (results.runs["replicate"] == 1)]
    return len(of_seed[~of_seed["arm"].isin(elsewhere)].drop_duplicates(_ONE_RUN))


def _how_to_have(seeds: int, suite: Suite) -> str:
    """The change to the suite file; a number means seeds 0, 1, ..., which would drop any others.

    The seed of a search stays out, or the search is made again, and runs of what it then chooses too.
    """
    now, more = suite.seeds, seeds - len(suite.seeds)
    if suite.tune:
        taken = search_seed(suite)
        free = (seed for seed in itertools.count() if seed not in now and seed != taken)
        listed = ", ".join(map(str, [*now, *itertools.islice(free, more)]))
        return f"set \u201cseeds: [{listed}]\u201d, without {taken}, which is the search\u2019s,"
    if sorted(now) == list(range(len(now))):
        return f"set \u201cseeds: {seeds}\u201d"
    return f"add {count(more, 'seed')} to the list under \u201cseeds\u201d"


def _fresh(seeds: int, suite: Suite) -> str:
    """The line of a suite file with so many seeds that neither a run nor a search of this suite has."""
    first = 1 + max(suite.seeds + ((search_seed(suite),) if suite.tune else ()))
    return f"\u201cseeds: [{first}, ..., {first + seeds - 1}]\u201d"


def _enough(rows: Sequence[Row], config: AnalysisConfig, have: int) -> tuple[int, float]:
    """The fewest seeds that can confirm anything, or else detect the margin, and their minimum detectable effect.

    (0, 0.0) where not even the most that are tried do, or where nothing tells: two seeds say little of their spread.
    """
    level, tests = round(1 - config.confidence, 12), max(int(row["family_size"]) for row in rows)
    spreads = [float(row["standard_deviation"]) for row in rows if row["n_seeds"] >= LEANING_FROM]
    spread = max((known for known in spreads if known > 0), default=math.nan)
    margin, needed = min(float(row["margin"]) for row in rows), seeds_needed(level, tests)
    paired = max(int(row["n_seeds"]) for row in rows)  # fewer than the suite has where some have failed
    for seeds in (seeds for seeds in TRIED if seeds > have and seeds >= needed):
        found = spread * detectable_dz(seeds, tests=tests, level=level, resamples=config.resamples)
        if found <= margin or paired < needed:
            return seeds, 0.0 if math.isnan(found) else found
    return 0, 0.0


def _duration(results: Results, runs: int) -> str:
    """So many further runs, and how long they train one after the other, judging by the finished runs."""
    seconds = float(results.finished["train_seconds"].mean())
    if math.isnan(seconds):
        return ""
    minutes = runs * seconds / 60
    time = f"{number(minutes / 60, 1)} hours" if minutes > 90 else count(max(1, round(minutes)), "minute")
    return f" ({count(runs, 'more run')}, about {time} of training)"
