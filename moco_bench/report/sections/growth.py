"""Growth of a step's time and memory: power laws on logarithmic axes, their exponents, memory over many steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from moco_bench.analyse.exponents import ENOUGH, MEASURES, TIMES, disturbed_in, exponents_of, fitted, law_of
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.page import Plot
from moco_bench.report.model.table import ARM_KEY, Cell, Column, Row, Table, cell
from moco_bench.report.read.profile import FOLDER, profile_cells, profile_table_of, title_of
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import curve_arms, legend_above
from moco_bench.report.render.style import PAPER, arm_styles
from moco_bench.report.section import Section

ROWS = {"median_ms": "Step, ms", "tensor_mib": "Tensors, MiB", "loss_mib": "Loss buffers, MiB"}
QUANTITIES = {
    "batch_size": "Batch B", "queue_size": "Queue K", "fraction": "Fraction of a rule, k/K", "dimension": "Dimension D",
    "width": "Width", "encoder": "Parameters of the encoder",
}  # fmt: skip


@plot("growth", "How cost grows")
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
    hollow = (
        "Hollow: times that were disturbed; a line leaves them out, and spans the others, where at least "
        f"{ENOUGH} others remain. "
    )
    return Plot(
        "Points: medians. Lines: fitted power laws, where a series never falls. "
        f"{hollow if any(disturbed_in(table, measure).any() for measure in TIMES) else ''}"
        f"{cells[0].dataset}, {cells[0].encoder}.{drawn}",
        f"Time and memory of a step against {', '.join(QUANTITIES.get(q, q) for q in quantities)}, on "
        "logarithmic axes.",
        figure,
        table,
    )


def _widen(panel: Axes, values: pd.Series) -> None:
    """Set the axis to the measured range, at least a factor of four, so that tiny changes don't look like a slope."""
    if values.empty:
        return
    low, high = float(values.min()), float(values.max())
    spare = max(1.2, 2.0 / (high / low) ** 0.5)
    panel.set_ylim(low / spare, high * spare)


def _compact(value: float) -> str:
    """A short number: 4096 as 4k, 1,234,567 as 1.2M, 0.05 unchanged."""
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


def exponents_table(results: Results, links: Links) -> Table | None:
    """Fitted exponents, one row per arm and quantity, one column per measure."""
    growth = profile_table_of(results, "growth")
    exponents = exponents_of(growth)
    if exponents.empty:
        return None
    rows = [
        {**dict(zip(KEYS, key, strict=True)), **{row["measure"]: row for row in own.to_dict("records")}}
        for key, own in exponents.groupby(list(KEYS), sort=False)
    ]
    disturbed = Column("disturbed", "Disturbed times", numeric=False, sourced=True, of=_disturbed)
    columns = (
        *ARM_KEY,
        Column.text("quantity", "Grows with"),
        *(Column.number(measure, title.capitalize(), of=_exponent_of(measure)) for measure, title in MEASURES.items()),
        *((disturbed,) if exponents["disturbed"].any() else ()),
    )
    caption = "Cost as a power of one quantity: 1 is proportional, 0 independent; with the standard error of the fit."
    source, note = links.source(f"{FOLDER}/growth.csv"), _about_falls(growth)
    return Table.of("exponents", "Exponents of growth", caption, columns, rows, note=note, source=source)


KEYS = ("arm", "dataset", "encoder", "quantity")


def _exponent_of(measure: str) -> Callable[[Row], Cell | None]:
    def shown(row: Row) -> Cell | None:
        fit = row.get(measure)
        if fit is None:
            return None
        error = "" if pd.isna(fit["standard_error"]) else f" \u00b1 {number(fit['standard_error'], 2)}"
        return cell(f"{number(fit['exponent'], 2)}{error}", fit["exponent"])

    return shown


def _disturbed(found: Row) -> Cell:
    """How many times of a row were disturbed, and whether they were left out."""
    row = next((found[measure] for measure in TIMES if measure in found), None)
    if row is None:
        return Cell(ABSENT)
    measured = row["points"] + row["left_out"]
    if not row["disturbed"]:
        return cell(f"none of {measured}", 0)
    return cell(f"{row['disturbed']} of {measured}, {'left out' if row['left_out'] else 'kept'}", row["disturbed"])


def _about_falls(growth: pd.DataFrame) -> str:
    """A sentence on series without an exponent, and why; empty if there are none."""
    if "not_monotone" not in growth:
        return ""
    fallen = growth[growth["not_monotone"].fillna("") != ""]
    named = {
        f"{MEASURES[name]} with {title_of(row['quantity'])} ({row['arm']})": None
        for row in fallen.to_dict("records")
        for name in str(row["not_monotone"]).split()
        if name in MEASURES
    }
    if not named:
        return ""
    return f"Without an exponent, as they fall somewhere: {'; '.join(named)}."


def leak_table(results: Results, links: Links) -> Table | None:
    """Whether memory grows with the number of steps."""

    def verdict(row: Row) -> Cell:
        return cell("leaks", tone="bad") if row["leaks"] else cell("no leak", tone="good")

    columns = (
        *ARM_KEY,
        Column.number("steps", "Steps", 0),
        Column.number("kib_per_step", "Growth, KiB per step", 3),
        Column.number("python_blocks_per_step", "Of which Python objects, per step", 3),
        Column.number("resident_kib_per_step", "Resident set, KiB per step", 3),
        Column.text("leaks", "Verdict", verdict),
    )
    caption = (
        "Median slope of memory over steps. The verdict uses the growth of malloc\u2019s (or CUDA\u2019s "
        "allocator\u2019s) bytes and of Python\u2019s small objects together."
    )
    rows, source = profile_table_of(results, "leak_verdicts"), links.source(f"{FOLDER}/leak_verdicts.csv")
    return Table.of("leaks", "Memory over many steps", caption, columns, rows, source=source)


SECTION = Section("growth", "How cost grows", figures=(growth_figure,), tables=(exponents_table, leak_table))
