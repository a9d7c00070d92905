"""The small drawing beside each answer: estimate and interval, on an axis that a block's answers share."""

import math
from collections.abc import Sequence

from moco_bench.report.model.page import PAD, WIDTH, Strip
from moco_bench.report.model.table import Row


def strip_for(row: Row, block: Sequence[Row]) -> Strip | None:
    """The drawing of `row` on the axis of its block; None where there is no estimate."""
    if math.isnan(row["estimate"]):
        return None
    reach = _reach(block)

    def x(value: float) -> float:
        clipped = max(-reach, min(reach, value))
        return round(PAD + (clipped + reach) / (2 * reach) * (WIDTH - 2 * PAD), 1)

    known = not (math.isnan(row["ci_low"]) or math.isnan(row["ci_high"]))
    margin = row["margin"]
    step = _step(reach)
    ticks = [step * k for k in range(-math.floor(reach / step), math.floor(reach / step) + 1)]
    return Strip(
        zero=x(0),
        margin=None if math.isnan(margin) else (x(-margin), x(margin)),
        estimate=x(row["estimate"]),
        low=x(row["ci_low"]) if known else None,
        high=x(row["ci_high"]) if known else None,
        ticks=tuple((x(tick), f"{tick:+g}".replace("-", "\u2212") if tick else "0") for tick in ticks),
        cut_low=known and row["ci_low"] < -reach,
        cut_high=known and row["ci_high"] > reach,
    )


def _reach(block: Sequence[Row]) -> float:
    """Half the axis's length: everything fits, but a wide interval may squeeze the others at most threefold."""
    estimates = [abs(row["estimate"]) for row in block if not math.isnan(row["estimate"])]
    bounds = [abs(b) for row in block for b in (row["ci_low"], row["ci_high"]) if not math.isnan(b)]
    margins = [row["margin"] for row in block if not math.isnan(row["margin"])]
    core = max([*estimates, *margins, 1e-9])
    return 1.12 * float(min(max([core, *bounds]), 3 * core))


def _step(reach: float) -> float:
    """A round distance between ticks that gives two to four ticks on either side."""
    power = math.pow(10.0, math.floor(math.log10(reach / 2)))
    return next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if reach / (power * factor) < 3.5)
