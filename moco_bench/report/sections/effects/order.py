"""In which order effects are shown: what an ingredient does without and with the other one before the mean of both."""

from collections.abc import Iterable

from moco_bench.report.model.table import Row
from moco_bench.report.read.results import Results


def of_the_2x2(results: Results, rows: Iterable[Row]) -> list[Row]:
    """Its simple effects and its main effects, in that order on each metric; empty where there is no 2x2."""
    rows = list(rows)
    simple = results.plan.factorial.simple_effects if results.plan.factorial else ()
    if not any(row["kind"] == "factorial" for row in rows):
        return []
    return [row for row in rows if row["effect"] in simple or row["kind"] == "factorial"]


def ranked(results: Results, rows: Iterable[Row]) -> list[Row]:
    """For suites of many arms: the 2x2 first, then the other comparisons, the largest estimate first."""
    rows = list(rows)
    first = of_the_2x2(results, rows)
    known = {row["effect"] for row in first}
    others = [row for row in rows if row["effect"] not in known]
    return first + sorted(others, key=lambda row: (not row["n_seeds"], -row["estimate"]))
