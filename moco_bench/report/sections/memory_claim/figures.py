"""Accuracy against cost: what more accuracy costs, and which arms are not worth theirs."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.pareto import not_dominated
from moco_bench.report.model.page import Plot
from moco_bench.report.read.profile import COSTS, accuracy_and_cost
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, themed
from moco_bench.report.render.names import curve_arms, legend_above, name_cell
from moco_bench.report.render.style import RULE, arm_styles


@themed
def pareto_figure(results: Results) -> Plot | None:
    """The accuracy's mean and standard deviation against time and memory of a step; the front is connected."""
    table = accuracy_and_cost(results)
    if table.empty:
        return None
    metric = results.accuracy
    cells = list(table.groupby(["dataset", "encoder"], sort=False))
    fronts = []
    arms, drawn = curve_arms(results)
    figure, axes = grid(len(cells), len(COSTS), row_height=2.7, sharey="row")
    for row, ((dataset, encoder), rows) in zip(axes, cells, strict=True):
        for panel, (cost, title) in zip(row, COSTS.items(), strict=True):
            front = _points(panel, rows, cost, arms)
            fronts.append(rows.assign(cost=cost, on_front=front))
            panel.set_xlabel(title)
        row[0].set_ylabel(f"{metric.title}, {metric.unit}" if metric.unit else metric.title)
        name_cell(row[0], str(dataset), str(encoder), len(cells) > 1, 40)
    legend_above(figure, axes[0, 0])
    data = pd.concat(fronts, ignore_index=True)
    best = ", ".join(dict.fromkeys(data.loc[data["on_front"], "arm"]))
    return Plot(
        "pareto",
        "Accuracy against cost",
        "Mean and standard deviation over seeds against the profile's cost of a step. The line connects arms that no "
        "other beats in both; by means alone, so neighbours on it may not differ." + drawn,
        f"{metric.title} against time and memory of a step; on a front: {best}.",
        figure,
        data,
    )


def _points(panel: Axes, rows: pd.DataFrame, cost: str, arms: tuple[str, ...]) -> list[bool]:
    front = not_dominated(rows["top1"].tolist(), rows[cost].tolist())
    line = rows[front].sort_values(cost)
    panel.plot(line[cost], line["top1"], color=RULE, linewidth=1.5, zorder=1)
    styles = arm_styles(arms)
    for row in rows[rows["arm"].isin(arms)].to_dict("records"):
        style = styles[row["arm"]]
        panel.errorbar(
            row[cost], row["top1"], yerr=0.0 if pd.isna(row["sd"]) else row["sd"], color=style.colour,
            marker=style.marker, linestyle="", capsize=2.5, label=row["arm"],
        )  # fmt: skip
    return front
