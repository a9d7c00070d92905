"""Formats numbers and effects for readers: fixed decimals, a real minus sign, a plus for differences."""

import math

import pandas as pd

from moco_bench.analyse.compare import BETTER_ONCE, CHANGED_ONCE, UNCLEAR, WORSE_ONCE, Comparison
from moco_bench.suite.metrics import METRICS

ABSENT = "\u2013"


def number(value: float | None, decimals: int = 2, *, signed: bool = False) -> str:
    """`value` with fixed decimals; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return ABSENT
    shown = f"{abs(value):,.{decimals}f}"
    zero = not any(digit in shown for digit in "123456789")
    sign = "" if zero else "\u2212" if value < 0 else "+" if signed else ""
    return sign + shown


def p_value(value: float | None) -> str:
    """A p-value with as many digits as help: 0.25, 0.031, 0.0078, < 0.0001."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value < 1e-4:
        return "< 0.0001"
    decimals = 2 if value >= 0.0995 else 3 if value >= 0.00995 else 4
    return f"{value:.{decimals}f}"


def interval(low: float, high: float, decimals: int = 2) -> str:
    """Both bounds, signed, in brackets."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ABSENT
    return f"[{number(low, decimals, signed=True)}, {number(high, decimals, signed=True)}]"


def effects_as_text(effects: pd.DataFrame, metric: str) -> str:
    """The effects on one metric, one line each."""
    lines = []
    for row in effects[effects["metric"] == metric].to_dict("records"):
        digits, short_of = METRICS[metric].decimals, row["baseline_short_of"]
        judged = f" (not judged: the baseline arm is not above {short_of})" if short_of else ""
        lines.append(
            f"{row['dataset']}  {row['encoder']}  {row['effect']:<16} "
            f"{number(row['estimate'], digits, signed=True):>8}  "
            f"{interval(row['ci_low'], row['ci_high'], digits):<18} p {p_value(row['p_value'])}  "
            f"Holm {p_value(row['p_holm'])}  n {row['n_seeds']}  {row['finding']}{judged}"
        )
    return "\n".join(lines)


def comparison_as_text(found: Comparison) -> str:
    """A comparison, one line per arm and metric, then the runs of only one side and further remarks."""
    lines = []
    for row in found.table.to_dict("records"):
        digits = METRICS[row["metric"]].decimals
        bounds = interval(row["ci_low"], row["ci_high"], digits)
        budget = f" (equal {row['budget']})" if row["budget"] != "epochs" else ""
        change = f"{number(row['difference'], digits, signed=True):>8} {bounds:<18}"
        lines.append(
            f"{row['dataset']}  {row['encoder']}  {row['arm']:<10} {row['metric']:<20} "
            f"{number(row['before'], digits):>9} -> {number(row['after'], digits):>9}  {change} "
            f"p {p_value(row['p_value'])}  Holm {p_value(row['p_holm'])}  "
            f"n {row['n_seeds']}  {row['verdict']}{budget}"
        )
    for title, runs in (
        ("only in the first", found.only_before),
        ("only in the second", found.only_after),
        ("done in the first, failed in the second", found.newly_failed),
    ):
        lines += [f"{title}: {run}" for run in runs]
    lines += [f"no value any more in the second: {lost}" for lost in found.lost]
    lines += [f"not compared, as the images are others: {name}" for name in found.other_images]
    if found.different_settings:
        lines.append(
            f"different settings ({len(found.different_settings)} of {len(found.common)} common runs have other "
            f"fingerprints): {', '.join(found.different_settings)}"
        )
    verdicts = found.table["verdict"]
    if verdicts.eq(UNCLEAR).any():
        lines.append(
            "unclear: the interval is too wide to tell, or fewer than three seeds are common; more seeds would"
        )
    if verdicts.isin((WORSE_ONCE, BETTER_ONCE, CHANGED_ONCE)).any():
        lines.append(
            f"{WORSE_ONCE}, {BETTER_ONCE}, {CHANGED_ONCE}: beyond the margin, in fewer than three common seeds"
        )
    counts = verdicts.value_counts()
    lines.append(", ".join(f"{count} {word}" for word, count in counts.items()) or found.nothing_compared)
    return "\n".join(lines)
