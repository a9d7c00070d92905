"""Where the time of a step goes, arm by arm."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.text import number
from moco_bench.report.figures.style import INK, PAPER, Plot, grid, name_cell, part_styles, theme
from moco_bench.report.profiled import WHOLE_STEP, profile_cells, profile_table_of, title_of
from moco_bench.report.results import Results


def step_time_figure(results: Results) -> Plot | None:
    """Stacked bars of the parts' medians, and the whole step's median and quartiles beside them."""
    table = profile_table_of(results, "time")
    cells = profile_cells(table)
    if not cells:
        return None
    parts = [part for part in dict.fromkeys(table["part"]) if part != WHOLE_STEP]
    with theme("step_time"):
        figure, axes = grid(len(cells), 1, row_height=1.1 + 0.34 * table["arm"].nunique())
        for panel, cell in zip(axes[:, 0], cells, strict=True):
            stack(panel, cell.rows.rename(columns={"median_ms": "size"}), parts)
            _whole_steps(panel, cell.rows[cell.rows["part"] == WHOLE_STEP])
            panel.set_xlabel("Time of a training step, ms")
            name_cell(panel, cell.dataset, cell.encoder, len(cells) > 1)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
    first = cells[0].rows
    whole = first[first["part"] == WHOLE_STEP]
    said = ", ".join(f"{arm} {number(time, 1)} ms" for arm, time in zip(whole["arm"], whole["median_ms"], strict=True))
    return Plot(
        "step_time",
        "Where the time of a step goes",
        "Bars: medians of the parts. Marker and line: median and quartiles of whole steps, timed with no clock inside, "
        "over rounds in which the arms took turns.",
        f"Time of a training step by part; whole steps: {said}.",
        figure,
        table,
    )


def stack(panel: Axes, rows: pd.DataFrame, parts: list[str]) -> None:
    """Stacked bars, one an arm, of `size` by part."""
    arms = list(dict.fromkeys(rows["arm"]))
    sizes = rows.pivot_table(index="arm", columns="part", values="size", sort=False).reindex(arms)
    styles = part_styles(parts)
    left = pd.Series(0.0, index=arms)
    for part in (part for part in parts if part in sizes):
        widths = sizes[part].fillna(0.0).clip(lower=0.0)
        panel.barh(
            range(len(arms)), widths, left=left, height=0.62, facecolor=styles[part].colour, alpha=0.75,
            edgecolor=PAPER, linewidth=0.6, hatch=styles[part].hatch, label=title_of(part),
        )  # fmt: skip
        left += widths
    panel.set_yticks(range(len(arms)), arms)
    panel.set_ylim(len(arms) - 0.4, -0.6)
    panel.grid(axis="y", visible=False)


def _whole_steps(panel: Axes, rows: pd.DataFrame) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        panel.plot([row["q1"], row["q3"]], [place + 0.4] * 2, color=INK, linewidth=1.2)
        panel.plot(row["median_ms"], place + 0.4, color=INK, marker="|", markersize=7)
