"""Accuracy by arm, every seed visible, with the floors."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.text import number
from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.report.render.figures import grid, name_cell, theme
from moco_bench.report.render.style import INK, MUTED, arm_styles


def accuracy_figure(results: Results) -> Plot | None:
    """Each seed a point, each arm's mean with its standard deviation, floors as lines; kNN beside the linear probe."""
    done = equal_epochs(results.finished)
    metrics = [METRICS[name] for name in ("knn_top1", "linear_top1") if done[name].notna().any()]
    if not metrics:
        return None
    columns = ["dataset", "encoder", "arm", "seed", *(m.name for m in metrics)]
    data = done[columns].melt(columns[:4], var_name="metric", value_name="top1").dropna(subset="top1")
    with theme("accuracy"):
        figure, axes = grid(len(results.cells), len(metrics), row_height=0.7 + 0.3 * len(results.arms))
        for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
            for panel, metric in zip(row, metrics, strict=True):
                chosen = data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]
                _dots(panel, chosen[chosen["metric"] == metric.name], results.arms)
                floors = results.floors.get(dataset)
                floor = floors["pixels"].get(metric.name) if floors else None
                if floor is not None:
                    _floor(panel, floor)
                panel.set_xlabel(f"{metric.title}, %")
                name_cell(panel, dataset, encoder, len(results.cells) > 1)
            row[-1].tick_params(labelleft=len(metrics) == 1)
    means = data[data["metric"] == metrics[0].name].groupby("arm", sort=False)["top1"].mean()
    said = ", ".join(f"{arm} {number(value, 1)} %" for arm, value in means.items())
    return Plot(
        "accuracy",
        "Accuracy by arm",
        "Small points: seeds. Large marker and bar: mean and standard deviation. Dashed: the same evaluation on raw "
        "pixels.",
        f"{metrics[0].title} by arm: {said}.",
        figure,
        data,
    )


def _floor(panel: Axes, value: float) -> None:
    """A line with its name on the side that has room for it."""
    panel.axvline(value, color=INK, linewidth=1, linestyle=(0, (3, 2)))
    low, high = panel.get_xlim()
    side = -1 if value > (low + high) / 2 else 1
    panel.annotate("raw pixels", (value, 1), xycoords=("data", "axes fraction"), xytext=(3 * side, -8), fontsize=7.5,
                   textcoords="offset points", color=MUTED, ha="right" if side < 0 else "left")  # fmt: skip


def _dots(panel: Axes, data: pd.DataFrame, arms: tuple[str, ...]) -> None:
    styles = arm_styles(arms)
    sns.stripplot(
        data, x="top1", y="arm", order=list(arms), hue="arm", hue_order=list(arms), jitter=False, size=3.6, alpha=0.55,
        palette={arm: styles[arm].colour for arm in arms}, legend=False, ax=panel,
    )  # fmt: skip
    for place, arm in enumerate(arms):
        values = data.loc[data["arm"] == arm, "top1"]
        if len(values):
            spread = values.std(ddof=1) if len(values) > 1 else 0.0
            panel.errorbar(
                values.mean(), place + 0.24, xerr=spread, color=styles[arm].colour, marker=styles[arm].marker,
                markersize=6, capsize=2.5, linewidth=1.4,
            )  # fmt: skip
    panel.set(ylabel="", ylim=(len(arms) - 0.4, -0.7))
    panel.set_yticks(range(len(arms)), list(arms))
    panel.grid(axis="y", visible=False)
