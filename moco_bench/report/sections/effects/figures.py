"""Forest plot of effects: estimate, interval and every seed's value, against zero and the equivalence margin."""

import pandas as pd

from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import interval, number
from moco_bench.report.model.page import Plot
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import DECIDED, effect_title, in_unit
from moco_bench.report.read.results import UNRANKED, Results, of_cell
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import MOST_ROWS, curve_arms, name_cell, name_rows, rows_height
from moco_bench.report.render.style import INK, MUTED, PAPER, RULE
from moco_bench.report.sections.effects.tables import ranked

TITLE = 34
"""Letters per line of an effect's name."""


@plot("effects", "Effects")
def effects_figure(results: Results) -> Plot | None:
    """Effects on the primary metric at equal epochs, one row each. Filled markers are decided, hollow ones are not."""
    metric = results.primary
    effects = equal_epochs(results.effects)
    effects = effects[(effects["metric"] == metric.name) & effects["estimate"].notna()]
    if effects.empty:
        return None
    seeds = equal_epochs(results.seed_values).drop(columns="budget")
    kept, drawn = curve_arms(results, MOST_ROWS)
    if drawn:
        effects = effects[(effects["kind"] != "arm") | effects["treatment"].isin(kept)]
    cells = [cell for cell in results.cells if not of_cell(effects, *cell).empty]
    titles = [effect_title(row) for row in effects.drop_duplicates("effect").to_dict("records")]
    figure, axes = grid(len(cells), 1, row_height=0.75 + rows_height(titles, 0.27, TITLE), sharex=True)
    for panel, (dataset, encoder) in zip(axes[:, 0], cells, strict=True):
        chosen: list[Row] = list(of_cell(effects, dataset, encoder).to_dict("records"))
        of_seeds = of_cell(seeds, dataset, encoder)
        if len(results.arms) > UNRANKED:
            chosen = ranked(results, chosen)
        panel.axvline(0, color=INK, linewidth=1)
        for place, row in enumerate(chosen):
            margin = row["margin"]  # of a metric without points it is a part of each control's own level
            panel.fill_betweenx((place - 0.5, place + 0.5), -margin, margin, color=RULE, alpha=0.35, linewidth=0)
            own = of_seeds.loc[of_seeds["effect"] == row["effect"], "value"]
            panel.plot(own, [place + 0.27] * len(own), linestyle="", marker="|", color=MUTED, markersize=5)
            if row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"]:
                panel.hlines(place, row["ci_low"], row["ci_high"], color=INK, linewidth=1.8)
            decided = row["finding"] in DECIDED
            panel.plot(row["estimate"], place, marker="D" if row["kind"] == "factorial" else "o", color=INK,
                       markersize=6, markerfacecolor=INK if decided else PAPER, markeredgewidth=1.4)  # fmt: skip
        name_rows(panel, [effect_title(row) for row in chosen], TITLE)
        name_cell(panel, dataset, encoder, len(cells) > 1)
    axes[-1, 0].set_xlabel(f"Effect on {metric.title}{in_unit(metric).replace(', in', ',')}")
    shown = effects[["dataset", "encoder", "effect", "estimate", "ci_low", "ci_high", "margin", "finding"]]
    said = "; ".join(
        f"{effect_title(row)} {number(row['estimate'], metric.decimals, signed=True)} "
        f"{interval(row['ci_low'], row['ci_high'], metric.decimals)}"
        for row in effects.head(6).to_dict("records")
    )
    return Plot(
        "Line: interval; ticks below it: seeds. Band: equivalence margin. Filled: significant or equivalent; hollow: "
        "inconclusive. Diamonds: factorial effects; circles: pairs of arms."
        f"{drawn}",
        f"Effects on {metric.title}: {said}.",
        figure,
        pd.concat([shown.assign(seed="all"), seeds.rename(columns={"value": "estimate"})], ignore_index=True),
    )
