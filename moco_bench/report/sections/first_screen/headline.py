"""The headline: effects are quantified only if they are decided; all else is called inconclusive.

A reader takes a headline for a result. So estimates and leanings that the suite's own rule doesn't confirm stand below
it, marked as not significant, and never in it.
"""

from collections.abc import Sequence

from moco_bench.analyse.claims import margin_in_words, pending_in_words
from moco_bench.analyse.pairing import why_no_pairs
from moco_bench.analyse.text import number
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import DECIDED, count, sentence, subject, unit_of_effect
from moco_bench.suite.metrics import MetricColumn

INGREDIENTS = ("dual_view", "filtering")
NAMED = 2
"""Most comparisons in a headline of a suite without the 2x2."""


def not_judged(row: Row) -> bool:
    """Whether the baseline arm isn't above raw pixels and the untrained encoder by more than the margin.

    It has learnt too little then for a difference to say anything about an ingredient.
    """
    short_of = row.get("baseline_short_of")
    return isinstance(short_of, str) and bool(short_of)


def headline_of(rows: Sequence[Row], metric: MetricColumn) -> str:
    """The headline of one data set and encoder: on the two ingredients, or on the suite's other comparisons."""
    main = [row for row in rows if row["effect"] in INGREDIENTS] or list(rows)
    if all(why_no_pairs(row) for row in main):
        return "Nothing can be compared seed by seed: no two arms of a comparison are pairs."
    main = [row for row in main if not why_no_pairs(row)]
    if all(row["finding"] == "no-data" for row in main):
        return "Nothing can be compared yet: no seed has all the runs that a comparison needs."
    if any(not_judged(row) for row in main):
        floor, margin = main[0]["baseline_short_of"], margin_in_words(main[0])
        return f"Not judged: the baseline arm is not above {floor} by more than {margin}."
    interim = [row for row in main if row["finding"] == "interim"]
    if interim:
        furthest_back = max(interim, key=lambda row: row["n_pending"])
        return f"Interim: {pending_in_words(furthest_back)}, so no verdict is drawn yet."
    decided = [row for row in main if row["finding"] in DECIDED]
    if not decided:
        return sentence(_nothing_decided(main))
    if len(main) > NAMED:
        clauses = [_clause(row, metric) for row in by_weight(decided)[:NAMED]]
        more = f"; {len(decided) - NAMED} more decided" if len(decided) > NAMED else ""
        return sentence(f"{'; '.join(clauses)}{more}, of {len(main)} comparisons.")
    return sentence("; ".join(_clause(row, metric) for row in main) + f"{_on_average(rows, main)}.")


def _on_average(rows: Sequence[Row], main: Sequence[Row]) -> str:
    """What a main effect hides where the ingredients interact: it may be that of neither arm."""
    interact = any(row["effect"] == "interaction" and row["finding"] in ("higher", "lower") for row in rows)
    ablation = interact and any(row["effect"] in INGREDIENTS for row in main)
    return ": averages, as what each does depends on the other" if ablation else ""


def headline_over(blocks: Sequence[Sequence[Row]], extent: str) -> str:
    """The headline over several data sets or encoders, whose own headlines follow below."""
    if not blocks:
        return "Nothing can be compared yet"
    rows = [row for block in blocks for row in block if not not_judged(row) and not why_no_pairs(row)]
    if not rows:
        return f"Not judged: the baseline arm is not above its baselines without training, {extent}"
    ablation = _of_the_ablation(rows)
    if any(row["finding"] in DECIDED for row in rows if row["effect"] in INGREDIENTS or row["kind"] != "factorial"):
        return f"What each {'ingredient' if ablation else 'arm'} is worth, {extent}"
    if any(row["finding"] == "interim" for row in rows):
        return f"Interim: seeds are still to be run, so no verdict is drawn yet, {extent}"
    what = "whether either ingredient helps on average" if ablation else "a difference in any comparison"
    return f"Inconclusive: {seeds_of(rows)} cannot show {what}, {extent}"


def by_weight(rows: Sequence[Row]) -> list[Row]:
    """Rows by importance: differences, then equivalences, then inconclusive ones; the largest effects first in each."""

    def weight(row: Row) -> tuple[bool, bool, float]:
        size = abs(row["estimate"])
        return row["finding"] not in ("higher", "lower"), row["finding"] not in DECIDED, -size if size == size else 0.0

    return sorted(rows, key=weight)


def seeds_of(rows: Sequence[Row]) -> str:
    """The number of seeds behind these effects: `3 seeds`, `2 to 3 seeds`."""
    least, most = min(row["n_seeds"] for row in rows), max(row["n_seeds"] for row in rows)
    return count(most, "seed") if least == most else f"{least} to {most} seeds"


def _nothing_decided(main: Sequence[Row]) -> str:
    seeds = seeds_of(main)
    if len(main) > NAMED:
        return f"Inconclusive: {seeds} cannot show a difference in any of {len(main)} comparisons."
    if _of_the_ablation(main):
        what = "either ingredient helps on average"
    else:
        what = " or ".join(f"{subject(row)} makes a difference" for row in main)
    return f"Inconclusive: {seeds} cannot show whether {what}."


def _of_the_ablation(rows: Sequence[Row]) -> bool:
    """Whether both ingredients are among the effects."""
    return set(INGREDIENTS) <= {row["effect"] for row in rows}


def _clause(row: Row, metric: MetricColumn) -> str:
    size = f"{number(abs(row['estimate']), 1 if metric.unit == '%' else metric.decimals)} {unit_of_effect(metric)}"
    better = (row["finding"] == "higher") == (metric.better != "lower")
    if row["kind"] in ("arm", "simple") and row["finding"] in DECIDED:
        return _pair(row, metric, size.strip())
    if row["finding"] == "equivalent":
        return f"{subject(row)} changes less than {margin_in_words(row)}"
    if row["finding"] in ("higher", "lower"):
        if metric.unit == "%" and metric.better == "higher":
            return f"{subject(row)} {'gains' if better else 'loses'} {size.strip()}"
        word = "raises" if row["finding"] == "higher" else "lowers"
        return f"{subject(row)} {word} {metric.title.lower()} by {size.strip()}"
    if row["finding"] == "no-data":
        return f"{subject(row)} has no finished pairs"
    return f"the effect of {subject(row)} is inconclusive"


def _pair(row: Row, metric: MetricColumn, size: str) -> str:
    """Where one arm stands relative to another."""
    where = "" if metric.unit == "%" else f" in {metric.title.lower()}"
    if row["finding"] == "equivalent":
        return f"{row['treatment']} is within {margin_in_words(row)} of {row['control']}{where}"
    return f"{row['treatment']} is {size} {'above' if row['finding'] == 'higher' else 'below'} {row['control']}{where}"
