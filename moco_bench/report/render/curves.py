"""Quantities over the epochs of training, one line per arm."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from moco_bench.analyse.table import equal_epochs
from moco_bench.report.model.page import Plot
from moco_bench.report.read.results import Results, of_cell
from moco_bench.report.render.figures import grid
from moco_bench.report.render.names import curve_arms, legend_above, wrapped
from moco_bench.report.render.style import INK, RULE, arm_styles

Floats = NDArray[np.float64]


def curves(
    results: Results,
    titles: Mapping[str, str],
    caption: str,
    *,
    limits: tuple[float, float] | None = None,
    levels: Mapping[str, float] | None = None,
    mixed: Collection[int] = (),
) -> Plot | None:
    """One panel per recorded quantity of the histories, one line per arm; None if none was recorded.

    `titles` are the panels', by column of `history.csv`. `levels`: what chance reaches on each data set, drawn as a
    line. `mixed`: epochs that are part warm-up, part filter, shaded.
    """
    histories = results.histories
    known = {column: text for column, text in titles.items() if column in histories and histories[column].notna().any()}
    if not known:
        return None
    data = equal_epochs(histories[histories["replicate"] == 1])[["dataset", "encoder", "arm", "seed", "epoch", *known]]
    arms, drawn = curve_arms(results)
    figure, axes = grid(len(results.cells), len(known), row_height=2.5)
    for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
        own = of_cell(data, dataset, encoder)
        for panel, (column, text) in zip(row, known.items(), strict=True):
            _lines(panel, own, column, arms)
            if levels and dataset in levels:
                panel.axhline(levels[dataset], color=INK, linewidth=0.9, linestyle=(0, (1, 2)), label="chance")
            for place, epoch in enumerate(mixed):
                label = "" if place else "warm-up ends"
                panel.axvspan(epoch - 0.5, epoch + 0.5, color=RULE, linewidth=0, zorder=0, label=label)
            panel.set(xlabel="Epoch", ylabel="", ylim=limits)
            panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            panel.set_title(text)
        if len(results.cells) > 1:
            row[0].set_ylabel(wrapped(f"{dataset} \u00b7 {encoder}", 30))
    legend_above(figure, axes[0, 0])
    ends = data.groupby(["dataset", "encoder", "arm", "seed"], sort=False).tail(1)
    last = ends.groupby("arm", sort=False)[next(iter(known))].mean()
    said = ", ".join(f"{arm} {value:.3g}" for arm, value in last.dropna().items())
    alt = f"{next(iter(known.values()))} by arm, at the last epoch: {said}."
    return Plot(f"{caption}{drawn}", alt, figure, data)


def _lines(panel: Axes, data: pd.DataFrame, column: str, arms: tuple[str, ...]) -> None:
    styles = arm_styles(arms)
    by_run = data.pivot(index="epoch", columns=["arm", "seed"], values=column)
    for arm in (arm for arm in arms if arm in by_run):
        values = pd.DataFrame(by_run[arm]).dropna(how="all")  # epochs in which it wasn't measured
        if values.empty:
            continue
        style = styles[arm]
        panel.plot(*_one_line(values), color=style.colour, linewidth=0.5, alpha=0.35)
        panel.plot(
            values.index, values.mean(axis=1), color=style.colour, linestyle=style.dash, marker=style.marker,
            markevery=max(1, len(values) // 5), markersize=4.5, label=arm,
        )  # fmt: skip


def _one_line(values: pd.DataFrame) -> tuple[Floats, Floats]:
    """All seeds' curves as one line with gaps, at most 200 points each: a tenth of the time and bytes."""
    thin = values.iloc[:: max(1, len(values) // 200)]
    gap = np.full((1, thin.shape[1]), np.nan)
    epochs = np.tile(np.append(thin.index.to_numpy(dtype=float), np.nan), thin.shape[1])
    return epochs, np.vstack([thin.to_numpy(dtype=float), gap]).ravel(order="F")
