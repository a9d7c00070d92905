"""What so many seeds can decide by the suite's own rule, and what they could have seen, in a few sentences."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from moco_bench.analyse.metrics import Metric
from moco_bench.analyse.signflip import seeds_needed
from moco_bench.analyse.text import number, p_value
from moco_bench.report.model.words import count, margin_of, unit_of_effect
from moco_bench.report.sections.first_screen.headline import seeds_of

Row = Mapping[Any, Any]


def smallest_corrected_p(row: Row) -> float:
    """What the exact test of so many seeds can reach after Holm's correction, whatever the effect."""
    return min(1.0, float(row["smallest_p"]) * int(row["family_size"]))


def can_confirm(row: Row, level: float) -> bool:
    """Whether any outcome of so many seeds could be a finding: a difference, or that there is none."""
    return row["n_seeds"] > 0 and smallest_corrected_p(row) <= level + 1e-12


def limits_of(rows: Sequence[Row], metric: Metric, confidence: float) -> str:
    """What the seeds of one data set and encoder can't decide, and which effects would have been seen."""
    rows = [row for row in rows if row["n_seeds"] > 0]
    if not rows:
        return "No seed has all the runs that a comparison needs."
    level = round(1 - confidence, 12)
    tests = max(int(row["family_size"]) for row in rows)
    weakest = max(rows, key=smallest_corrected_p)
    paired = seeds_of(rows).replace(" seed", " paired seed")
    reach = f"With {paired} the exact test's p can't fall below {p_value(weakest['smallest_p'])}"
    if tests > 1:
        reach += f", {p_value(smallest_corrected_p(weakest))} after correction for {tests} effects"
    if not any(can_confirm(row, level) for row in rows):
        needed = count(seeds_needed(level, tests), "seed")
        return (
            f"{reach}: no difference from zero can be confirmed at {100 * level:.2g} %, and by the declared rule no "
            f"absence of one either, since only a design that could have found a difference can. Both take {needed}."
        )
    shown = f"it can be shown that an effect lies within {margin_of(weakest, metric)} of zero"
    some = "" if all(can_confirm(row, level) for row in rows) else " for some of the effects"
    confirmed = f"a difference from zero can be confirmed at {100 * level:.2g} %{some}"
    return f"{reach}: {confirmed}, and {shown}. {_seen(rows, metric)}"


def _seen(rows: Sequence[Row], metric: Metric) -> str:
    known = [float(row["detectable_effect"]) for row in rows if not math.isnan(row["detectable_effect"])]
    known = [value for value in known if value > 0]
    if not known:
        return "How large an effect it takes is not known."
    sizes = dict.fromkeys(number(value, metric.decimals) for value in (min(known), max(known)))
    size = f"{' to '.join(sizes)} {unit_of_effect(metric)}".strip()
    return f"By that rule effects of {size} are found with a chance of 80 %."
