"""Wording of effects, margins and units, shared by all parts of the report."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from moco_bench.analyse.pairing import why_no_pairs
from moco_bench.suite.checks.comparisons import MAIN_EFFECTS
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.metrics import METRICS, MetricColumn

DECIDED = ("higher", "lower", "equivalent")
SUBJECTS = {"dual_view": "the dual-view loss", "filtering": "filtering", "interaction": "their interaction"}
FINDING_WORDS = {
    "higher": "higher",
    "lower": "lower",
    "equivalent": "no difference",
    "leans-higher": "suggests higher, not significant",
    "leans-lower": "suggests lower, not significant",
    "leans-equivalent": "suggests no effect, not significant",
    "inconclusive": "inconclusive",
    "interim": "interim, no verdict yet",
    "no-data": "no data",
}


def effect_title(row: Mapping[Any, Any]) -> str:
    """An effect's title in tables and headings: `dual against vanilla`, or the name that the suite gives it."""
    return _against(row) or MAIN_EFFECTS.get(row["effect"], str(row["effect"]))


def subject(row: Mapping[Any, Any]) -> str:
    """An effect's name inside a sentence."""
    return _against(row) or SUBJECTS.get(row["effect"], str(row["effect"]))


def _against(row: Mapping[Any, Any]) -> str:
    return f"{row['treatment']} against {row['control']}" if row["kind"] in ("arm", "simple") else ""


def finding_words(row: Mapping[Any, Any]) -> str:
    """The finding of an effect's row in words."""
    return "no pairs" if why_no_pairs(row) else FINDING_WORDS[row["finding"]]


def finding_tone(metric: str, finding: str) -> str:
    """Whether a finding is good or bad for the treatment; `open` if nothing is decided."""
    if finding == "equivalent" or (finding in DECIDED and METRICS[metric].better is None):
        return "quiet"
    if finding in ("higher", "lower"):
        return "good" if finding == METRICS[metric].better else "bad"
    return "open"


def unit_of_effect(metric: MetricColumn) -> str:
    """The unit of a difference: points for percentages, else the metric's own; empty without a unit."""
    return "points" if metric.unit == "%" else metric.unit


def in_unit(metric: MetricColumn) -> str:
    """`, in percentage points` and the like, to continue a sentence; empty for a metric without a unit."""
    unit = "percentage points" if metric.unit == "%" else metric.unit
    return f", in {unit}" if unit else ""


def units_shown(effects: Iterable[Mapping[Any, Any]]) -> str:
    """The units of these effects' estimates, as a sentence."""
    shown = [METRICS[name] for name in dict.fromkeys(row["metric"] for row in effects)]
    percent = [metric for metric in shown if metric.unit == "%"]
    if shown and len(percent) == len(shown):
        return "Percentage points."
    named = [f"{metric.short} in {metric.unit}" for metric in shown if metric.unit and metric.unit != "%"]
    plain = [metric.short for metric in shown if not metric.unit]
    named += [f"{' and '.join(plain)} without a unit"] if plain else []
    named += ["all else in percentage points"] if percent else []
    words = "; ".join(named)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def declared_margins(config: AnalysisConfig, metrics: Iterable[str]) -> str:
    """The declared margins of these metrics: points for accuracies, percent of the control's value for others."""
    kinds = {METRICS[name].kind == "accuracy" for name in metrics}
    points = f"{config.margin_points:g} point{'s' * (config.margin_points != 1)}"
    percent = f"{config.margin_percent:g} % of the control's value"
    if kinds == {True}:
        return points
    return percent if kinds == {False} else f"{points} (accuracies) or {percent} (all else)"


def count(n: int, noun: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{n} {noun}{'s' * (n != 1)}"


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


MOST_NAMED = 12
"""As many are named in a sentence; of a suite with hundreds of arms a table has the others."""
MOST_CHARACTERS = 700
"""Length of the text that stands for a figure: two dozen arms with their values."""


def listed_in_part(words: Iterable[str]) -> str:
    """As `listed`, of many only the first ones: `a, b and 498 more`."""
    words = list(words)
    if len(words) <= MOST_NAMED:
        return listed(words)
    return f"{', '.join(words[: MOST_NAMED - 1])} and {len(words) - MOST_NAMED + 1} more"


def shortened(text: str) -> str:
    """A text that stands for a figure, cut after a part if it is too long: the figure's CSV has all."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS].rpartition(', ')[0]}, and more in the CSV."


def sentence(text: str) -> str:
    """Capitalise a sentence's first letter, unless its first word has its own capitals, as kNN."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def spans(numbers: Iterable[int]) -> str:
    """Whole numbers in order, neighbours joined: `0 to 3, 7`."""
    neighbours = groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0])
    found = ([number for _, number in pairs] for _, pairs in neighbours)
    return ", ".join(f"{each[0]} to {each[-1]}" if len(each) > 1 else f"{each[0]}" for each in found)
