"""How time and memory of a step grow, on logarithmic axes, where a power law is a straight line."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from moco_bench.analyse.exponents import ENOUGH, TIMES, disturbed_in, fitted, law_of
from moco_bench.report.model.page import Plot
from moco_bench.report.read.profile import profile_cells, profile_table_of
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, themed
from moco_bench.report.render.names import curve_arms, legend_above
from moco_bench.report.render.style import PAPER, arm_styles

ROWS = {"median_ms": "Step, ms", "tensor_mib": "Tensors, MiB", "loss_mib": "Loss buffers, MiB"}
QUANTITIES = {
    "batch_size": "Batch B", "queue_size": "Queue K", "fraction": "Fraction of a rule, k/K", "dimension": "Dimension D",
    "width": "Width", "encoder": "Parameters of the encoder",
}  # fmt: skip


@themed
def growth_figure(results: Results) -> Plot | None:
    """One row per measure and one column per quantity; points are medians, lines the fitted power laws."""
    cells = profile_cells(profile_table_of(results, "growth"))
    if not cells:
        return None
    table = cells[0].rows
    quantities = [
        name for name in dict.fromkeys(table["quantity"]) if table.loc[table["quantity"] == name, "value"].nunique() > 1
    ]
    if not quantities:
        return None
    kept, drawn = curve_arms(results)
    arms = tuple(arm for arm in dict.fromkeys(table["arm"]) if arm in kept)
    figure, axes = grid(len(ROWS), len(quantities), row_height=1.9, sharex="col")
    for row, (measure, title) in zip(axes, ROWS.items(), strict=True):
        for panel, quantity in zip(row, quantities, strict=True):
            _laws(panel, table[table["quantity"] == quantity], measure, arms)
        row[0].set_ylabel(title)
    for panel, quantity in zip(axes[-1], quantities, strict=True):
        panel.set_xlabel(QUANTITIES.get(quantity, quantity))
        values = sorted(table.loc[table["quantity"] == quantity, "value"].unique())
        panel.set_xticks(values, [_compact(value) for value in values])
        panel.tick_params(axis="x", labelsize=8)
        for label in panel.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
    legend_above(figure, axes[0, 0])
    return Plot(
        "growth",
        "How cost grows",
        f"Points: medians. Lines: fitted power laws, where a series never falls. {_about_disturbed(table)}"
        f"{cells[0].dataset}, {cells[0].encoder}.{drawn}",
        f"Time and memory of a step against {', '.join(_in_a_sentence(QUANTITIES.get(q, q)) for q in quantities)}, on "
        "logarithmic axes.",
        figure,
        table,
    )


def _in_a_sentence(title: str) -> str:
    return title[:1].lower() + title[1:]


def _about_disturbed(table: pd.DataFrame) -> str:
    """What hollow points are; nothing where there are none."""
    if not any(disturbed_in(table, measure).any() for measure in TIMES):
        return ""
    return (
        "Hollow: times that were disturbed; a line leaves them out, and spans the others, where at least "
        f"{ENOUGH} others remain. "
    )


def _widen(panel: Axes, values: pd.Series) -> None:
    """Room for what was measured, and at least a factor of four: a hair's breadth must not look like a slope."""
    if values.empty:
        return
    low, high = float(values.min()), float(values.max())
    spare = max(1.2, 2.0 / (high / low) ** 0.5)
    panel.set_ylim(low / spare, high * spare)


def _compact(value: float) -> str:
    """4096 as 4k, 1,234,567 as 1.2M, 0.05 as it is."""
    if value >= 1024 and value % 1024 == 0:
        return f"{value / 1024:g}k"
    return f"{value / 1e6:.1f}M" if value >= 1e6 else f"{value:g}"


def _laws(panel: Axes, rows: pd.DataFrame, measure: str, arms: tuple[str, ...]) -> None:
    panel.set(xscale="log", yscale="log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _widen(panel, rows.loc[rows[measure] > 0, measure])
    for arm, style in arm_styles(arms).items():
        own = rows[(rows["arm"] == arm) & (rows[measure] > 0)].sort_values("value")
        hollow = disturbed_in(own, measure)
        points: dict[str, Any] = {"linestyle": "", "marker": style.marker, "color": style.colour}
        panel.plot(own["value"][~hollow], own[measure][~hollow], **points, label=arm)
        if hollow.any():
            panel.plot(own["value"][hollow], own[measure][hollow], **points, markerfacecolor=PAPER)
        law = law_of(own, measure)
        if law is not None:
            values = fitted(own, measure)["value"]
            ends = np.array([values.min(), values.max()], dtype=float)
            panel.plot(
                ends, np.exp(law.intercept + law.exponent * np.log(ends)), color=style.colour, linestyle=style.dash
            )
