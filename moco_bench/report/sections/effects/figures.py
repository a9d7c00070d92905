"""The forest of effects: estimate, interval and every seed's value, against zero and the margin of equivalence."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from moco_bench.analyse.text import interval, number
from moco_bench.report.model.figure import Plot
from moco_bench.report.model.words import DECIDED, contrast_title
from moco_bench.report.read.results import UNRANKED, Results
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import name_cell, name_rows, rows_height
from moco_bench.report.render.style import INK, MUTED, PAPER, RULE

TITLE = 34
"""Letters of an effect's name in one line."""


def effects_figure(results: Results) -> Plot | None:
    """Effects on the primary metric at equal epochs, one row each. Filled markers are decided, hollow ones are not."""
    metric = results.primary
    effects, baseline = results.effects, results.plan.baseline
    effects = effects[(effects["metric"] == metric.name) & (effects["budget"] == "epochs")]
    effects = effects[effects["estimate"].notna()]
    if effects.empty:
        return None
    seeds = results.seed_values
    seeds = seeds[seeds["budget"] == "epochs"].drop(columns="budget")
    cells = [
        cell for cell in results.cells if ((effects["dataset"] == cell[0]) & (effects["encoder"] == cell[1])).any()
    ]
    titles = [contrast_title(row, baseline) for row in effects.drop_duplicates("effect").to_dict("records")]
    unit = "percentage points" if metric.unit == "%" else metric.unit
    with theme("effects"):
        figure, axes = grid(len(cells), 1, row_height=0.75 + rows_height(titles, 0.27, TITLE), sharex=True)
        for panel, (dataset, encoder) in zip(axes[:, 0], cells, strict=True):
            of_cell = effects[(effects["dataset"] == dataset) & (effects["encoder"] == encoder)]
            chosen = sorted(of_cell.to_dict("records"), key=_in_order(len(results.arms)))
            margin = chosen[0]["margin"]
            if margin == margin:
                panel.axvspan(-margin, margin, color=RULE, alpha=0.35, linewidth=0)
            panel.axvline(0, color=INK, linewidth=1)
            for place, row in enumerate(chosen):
                of_row = seeds[(seeds["dataset"] == dataset) & (seeds["encoder"] == encoder)]
                own = of_row.loc[of_row["effect"] == row["effect"], "value"]
                panel.plot(own, [place + 0.27] * len(own), linestyle="", marker="|", color=MUTED, markersize=5)
                if row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"]:
                    panel.hlines(place, row["ci_low"], row["ci_high"], color=INK, linewidth=1.8)
                decided = row["finding"] in DECIDED
                panel.plot(row["estimate"], place, marker="D" if row["kind"] == "factorial" else "o", color=INK,
                           markersize=6, markerfacecolor=INK if decided else PAPER, markeredgewidth=1.4)  # fmt: skip
            name_rows(panel, [contrast_title(row, baseline) for row in chosen], TITLE)
            name_cell(panel, dataset, encoder, len(cells) > 1)
        axes[-1, 0].set_xlabel(f"Effect on {metric.title}{', ' + unit if unit else ''}")
    shown = effects[["dataset", "encoder", "effect", "estimate", "ci_low", "ci_high", "margin", "finding"]]
    said = "; ".join(
        f"{contrast_title(row, baseline)} {number(row['estimate'], metric.decimals, signed=True)} "
        f"{interval(row['ci_low'], row['ci_high'], metric.decimals)}"
        for row in effects.head(6).to_dict("records")
    )
    return Plot(
        "effects",
        "Effects",
        "Line: interval; ticks below it: seeds. Band: differences that count as none. Filled: significant; hollow: "
        "not. "
        "Diamonds: factorial effects; circles: pairs of arms.",
        f"Effects on {metric.title}: {said}.",
        figure,
        pd.concat([shown.assign(seed="all"), seeds.rename(columns={"value": "estimate"})], ignore_index=True),
    )


def _in_order(arms: int) -> Callable[[Mapping[Any, Any]], Any]:
    """Factorial effects first; many arms by their effect, largest first."""
    if arms <= UNRANKED:
        return lambda row: 0
    return lambda row: (row["kind"] != "factorial", -row["estimate"])
