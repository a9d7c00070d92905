"""The 2x2 as an interaction plot: parallel lines mean that the two ingredients add up."""

import pandas as pd

from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import number
from moco_bench.report.model.page import Plot
from moco_bench.report.read.results import Results, of_cell, said_by_cell
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import legend_above, name_cell
from moco_bench.report.render.style import arm_styles

WIDTH = 4.2
MOST_CELLS = 6


@plot("interaction", "Interaction of the two ingredients")
def interaction_figure(results: Results) -> Plot | None:
    """The primary metric of the four arms: filter along the axis, one line per loss; None without a 2x2."""
    arms, metric = results.factorial_arms, results.primary
    if arms is None:
        return None
    data = equal_epochs(results.finished)
    data = data[data["arm"].isin(arms)][["dataset", "encoder", "arm", "seed", metric.name]].dropna()
    cells = [cell for cell in results.cells if set(of_cell(data, *cell)["arm"]) == set(arms)][:MOST_CELLS]
    if not cells:
        return None
    base, dual, filtered, both = arms
    styles = arm_styles(arms)
    figure, axes = grid(len(cells), 1, row_height=2.6, width=WIDTH)
    for panel, cell in zip(axes[:, 0], cells, strict=True):
        values = of_cell(data, *cell).pivot(index="seed", columns="arm", values=metric.name)
        whole = values[list(arms)].dropna()  # or the lines would compare means over other seeds
        means = (values if whole.empty else whole).mean()
        for ends, label in (((base, filtered), "one view in the loss"), ((dual, both), "dual-view loss")):
            style = styles[ends[0]]
            panel.plot((0, 1), values[list(ends)].dropna().T, color=style.colour, linewidth=0.6, alpha=0.4)
            panel.plot((0, 1), means[list(ends)], color=style.colour, linestyle=style.dash, linewidth=2,
                       marker=style.marker, markersize=6, label=label)  # fmt: skip
        panel.set_xticks((0, 1), ("all negatives", "filtered negatives"))
        panel.set_xlim(-0.25, 1.25)
        panel.grid(axis="x", visible=False)
        panel.set_ylabel(f"{metric.title}, {metric.unit}" if metric.unit else metric.title)
        name_cell(panel, *cell, len(cells) > 1, 44)
    legend_above(figure, axes[0, 0])

    def means_of(own: pd.DataFrame) -> str:
        means = own.groupby("arm", sort=False)[metric.name].mean()
        return ", ".join(f"{arm} {number(means[arm], metric.decimals)}" for arm in arms)

    return Plot(
        "Thick: means over seeds with all four arms; thin: seeds. Parallel lines: the effects add up.",
        f"{metric.title} of the four arms of the 2x2: {said_by_cell(cells, data, means_of)}.",
        figure,
        data,
    )
