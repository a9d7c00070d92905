"""Throughput and peak memory by arm, from zero, with every run as a point."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.machines import on_main_machine
from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.text import number
from moco_bench.report.model.figure import Plot
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.report.render.figures import grid, name_cell, theme
from moco_bench.report.render.style import INK, arm_styles
from moco_bench.report.sections.cost.notes import other_machines


def cost_figure(results: Results) -> Plot | None:
    """Bars of the means, on the kind of machine that made the most runs. Throughput only from undisturbed ones."""
    found = equal_epochs(results.finished)
    done, elsewhere = on_main_machine(found), " ".join(other_machines(found))
    quiet = done[done["exclusive"]]
    shown = {"images_per_second": quiet, "peak_memory_mib": done}
    data = pd.concat(
        [
            rows[["dataset", "encoder", "arm", "seed"]].assign(metric=name, value=rows[name])
            for name, rows in shown.items()
        ],
        ignore_index=True,
    ).dropna(subset="value")
    metrics = [METRICS[name] for name in shown if (data["metric"] == name).any()]
    if not metrics:
        return None
    with theme("cost"):
        figure, axes = grid(len(results.cells), len(metrics), row_height=0.65 + 0.3 * len(results.arms))
        for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
            for panel, metric in zip(row, metrics, strict=True):
                chosen = data[(data["dataset"] == dataset) & (data["encoder"] == encoder)]
                _bars(panel, chosen[chosen["metric"] == metric.name], results.arms)
                panel.set_xlabel(f"{metric.title}, {metric.unit}")
                name_cell(panel, dataset, encoder, len(results.cells) > 1)
            for panel in row[1:]:
                panel.tick_params(labelleft=False)
    said = "; ".join(
        f"{metric.title}: "
        + ", ".join(
            f"{arm} {number(v, 0)} {metric.unit}"
            for arm, v in data[data["metric"] == metric.name].groupby("arm", sort=False)["value"].mean().items()
        )
        for metric in metrics
    )
    only = (
        ""
        if "images_per_second" in {m.name for m in metrics}
        else " No run had the machine to itself, so throughput is left out."
    )
    return Plot(
        "cost",
        "Throughput and peak memory",
        f"Bars: means over seeds, from zero. Points: single runs.{only} {elsewhere}".strip(),
        f"{said}.",
        figure,
        data,
    )


def _bars(panel: Axes, data: pd.DataFrame, arms: tuple[str, ...]) -> None:
    styles = arm_styles(arms)
    for place, arm in enumerate(arms):
        values = data.loc[data["arm"] == arm, "value"]
        if values.empty:
            continue
        style = styles[arm]
        panel.barh(place, values.mean(), height=0.62, color=style.colour, alpha=0.28, linewidth=0)
        panel.barh(place, values.mean(), height=0.62, facecolor="none", edgecolor=style.colour, hatch=style.hatch)
        panel.plot(values, [place] * len(values), linestyle="", marker="|", color=INK, markersize=6)
    panel.set_yticks(range(len(arms)), list(arms))
    panel.set_ylim(len(arms) - 0.4, -0.6)
    panel.grid(axis="y", visible=False)
