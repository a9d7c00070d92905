"""Histograms of cosine similarity: positives beside negatives of the anchor's own and of other classes.

Drawn where a run's `metrics.json` has `similarities`: `edges` [n + 1] and, for each group, `counts` [n]. How far the
own class lies from the others is what a filter by similarity can and can't tell apart.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from moco_bench.analyse.text import number
from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import LINE, legend_above, wrapped

GROUPS = {
    "positive": ("positives", "#009e73", "-"),
    "same_class": ("negatives, own class", "#d55e00", (0, (5, 1.5))),
    "other_class": ("negatives, other classes", "#6b6b6b", (0, (1.2, 1.2))),
}
VISIBLE = 0.002
"""Part of the highest density below which a curve lies on the axis."""


def similarity_rows(results: Results) -> pd.DataFrame:
    """dataset, encoder, arm, group, low, high, density: densities averaged over seeds."""
    rows = []
    for run in equal_epochs(results.finished).to_dict("records"):
        found = results.metrics.get(run["directory"], {}).get("similarities")
        for group, edges, density in _densities(found):
            for low, high, value in zip(edges[:-1], edges[1:], density, strict=True):
                rows.append((run["dataset"], run["encoder"], run["arm"], group, low, high, value))
    names = ["dataset", "encoder", "arm", "group", "low", "high", "density"]
    return pd.DataFrame(rows, columns=names).groupby(names[:-1], sort=False, as_index=False).mean()


def _densities(found: Any) -> list[tuple[str, Any, Any]]:
    """(group, edges, density) of each well-formed group; anything else is left out."""
    if not isinstance(found, dict) or not isinstance(found.get("counts"), dict):
        return []
    good = []
    for group in GROUPS:
        try:
            edges = np.asarray(found["edges"], dtype=float)
            counts = np.asarray(found["counts"][group], dtype=float)
        except (KeyError, TypeError, ValueError):
            continue
        if edges.ndim == 1 and counts.shape == (len(edges) - 1,) and counts.sum() > 0 and (np.diff(edges) > 0).all():
            good.append((group, edges, counts / counts.sum() / np.diff(edges)))
    return good


def similarity_figure(results: Results) -> Plot | None:
    """One panel an arm; a row a data set and encoder."""
    data = similarity_rows(results)
    if data.empty:
        return None
    arms = [arm for arm in results.arms if (data["arm"] == arm).any()][:4]
    lowest = data.loc[data["density"] > VISIBLE * data["density"].max(), "low"].min()
    with theme("similarities"):
        figure, axes = grid(
            len(results.cells),
            len(arms),
            row_height=2.1 + LINE * max(wrapped(arm, 17).count("\n") for arm in arms),
            sharex=True,
            sharey="row",
        )
        for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
            of_cell = data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]
            for panel, arm in zip(row, arms, strict=True):
                for group, (title, colour, dash) in GROUPS.items():
                    own = of_cell[(of_cell["arm"] == arm) & (of_cell["group"] == group)]
                    middle = (own["low"] + own["high"]) / 2
                    panel.plot(middle, own["density"], color=colour, linestyle=dash, label=title)
                panel.set(title=wrapped(arm, 17), xlim=(lowest, 1.0))
                panel.xaxis.set_major_locator(MaxNLocator(3))
            row[0].set_ylabel("Density" if len(results.cells) == 1 else wrapped(f"{dataset} \u00b7 {encoder}", 26))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        legend_above(figure, handles, labels, 3)
        figure.supxlabel("Cosine similarity", fontsize=9)
    mean = data.assign(weight=data["density"] * (data["high"] - data["low"]) * (data["low"] + data["high"]) / 2)
    centres = mean.groupby("group", sort=False)["weight"].sum() / mean.groupby("group", sort=False)["arm"].nunique()
    said = ", ".join(
        f"{GROUPS[str(group)][0]} {number(value / len(results.cells), 2)}" for group, value in centres.items()
    )
    return Plot(
        "similarities",
        "Similarities",
        "Densities over pairs of augmented views, averaged over seeds. Where own and other classes overlap, a filter "
        "by "
        "similarity cannot tell false negatives from hard ones.",
        f"Histograms of cosine similarity for {len(arms)} arms; mean similarity: {said}.",
        figure,
        data,
    )
