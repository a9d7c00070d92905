"""Accuracy by arm, every seed visible, above the baselines."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from moco_bench.analyse.text import number
from moco_bench.report.model.page import Plot
from moco_bench.report.read.results import Results, equal_epochs, of_cell
from moco_bench.report.render.figures import grid, themed
from moco_bench.report.render.names import MOST_ROWS, curve_arms, name_cell, name_rows, rows_height
from moco_bench.report.render.style import INK, PAPER, RULE, arm_styles
from moco_bench.suite.metrics import METRICS


@themed
def accuracy_figure(results: Results) -> Plot | None:
    """Each seed a point, each arm's mean with its standard deviation; baselines below; kNN beside the linear probe."""
    done = equal_epochs(results.finished)
    metrics = [METRICS[name] for name in ("knn_top1", "linear_top1") if done[name].notna().any()]
    if not metrics:
        return None
    columns = ["dataset", "encoder", "arm", "seed", *(m.name for m in metrics)]
    runs = done[columns].melt(columns[:4], var_name="metric", value_name="top1")
    data = pd.concat([runs, _baselines(results, [m.name for m in metrics])], ignore_index=True).dropna(subset="top1")
    kept, drawn = curve_arms(results, MOST_ROWS)
    arms = tuple(arm for arm in results.ranked_arms if arm in kept)
    names = [*arms, *(name for name in dict.fromkeys(data["arm"]) if name not in results.arms)]
    figure, axes = grid(len(results.cells), len(metrics), row_height=0.7 + rows_height(names))
    for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
        for panel, metric in zip(row, metrics, strict=True):
            chosen = of_cell(data[data["arm"].isin(names)], dataset, encoder)
            _dots(panel, chosen[chosen["metric"] == metric.name], arms, names)
            panel.set_xlabel(f"{metric.title}, %")
        name_cell(row[0], dataset, encoder, len(results.cells) > 1, 80 // len(metrics))
        for panel in row[1:]:
            panel.tick_params(labelleft=False)
    means = data[data["metric"] == metrics[0].name].groupby("arm", sort=False)["top1"].mean()
    said = ", ".join(f"{arm} {number(value, 1)} %" for arm, value in means.reindex(names).items())
    return Plot(
        "accuracy",
        "Accuracy by arm",
        "Small points: seeds. Large marker and bar: mean and standard deviation. Below the line: baselines without "
        f"training.{drawn}",
        f"{metrics[0].title} by arm: {said}.",
        figure,
        data,
    )


def _baselines(results: Results, metrics: list[str]) -> pd.DataFrame:
    """The same evaluation without training, as further rows."""
    rows = [
        (*cell, name, place, metric, measured[metric])
        for cell in results.cells
        for name, repeats in results.baselines(*cell).items()
        for place, measured in enumerate(repeats)
        for metric in metrics
        if metric in measured
    ]
    return pd.DataFrame(rows, columns=["dataset", "encoder", "arm", "seed", "metric", "top1"])


def _dots(panel: Axes, data: pd.DataFrame, arms: tuple[str, ...], names: list[str]) -> None:
    styles = arm_styles(arms)
    trained = data[data["arm"].isin(arms)]
    sns.stripplot(
        trained, x="top1", y="arm", order=names, hue="arm", hue_order=list(arms), jitter=False, size=3.6, alpha=0.55,
        palette={arm: styles[arm].colour for arm in arms}, legend=False, ax=panel,
    )  # fmt: skip
    for place, name in enumerate(names):
        values = data.loc[data["arm"] == name, "top1"]
        if values.empty:
            continue
        if name not in arms:
            panel.plot(values.mean(), place, marker="D", color=INK, markerfacecolor=PAPER, markersize=5)
            continue
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        panel.errorbar(
            values.mean(), place + 0.24, xerr=spread, color=styles[name].colour, marker=styles[name].marker,
            markersize=5.5, capsize=2.5, linewidth=1.4,
        )  # fmt: skip
    if len(names) > len(arms):
        panel.axhline(len(arms) - 0.4, color=RULE, linewidth=1)
    panel.set_ylabel("")
    name_rows(panel, names)
