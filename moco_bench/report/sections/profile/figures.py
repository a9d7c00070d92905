"""Where time and memory of a training step go, arm by arm."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.memory_claim import OUTSIDE_TENSORS, PEAK
from moco_bench.analyse.text import number
from moco_bench.report.model.figure import Plot
from moco_bench.report.read.profile import WHOLE_STEP, profile_cells, profile_table_of, title_of
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import legend_above, name_cell, name_rows, rows_height
from moco_bench.report.render.style import INK, PAPER, part_styles


def step_time_figure(results: Results) -> Plot | None:
    """Stacked bars of the parts' medians, and the whole step's median and quartiles beside them."""
    table = profile_table_of(results, "time")
    cells = profile_cells(table)
    if not cells:
        return None
    parts = [part for part in dict.fromkeys(table["part"]) if part != WHOLE_STEP]
    with theme("step_time"):
        figure, axes = grid(len(cells), 1, row_height=1.1 + rows_height(table["arm"].unique(), 0.34))
        for panel, cell in zip(axes[:, 0], cells, strict=True):
            stack(panel, cell.rows.rename(columns={"median_ms": "size"}), parts)
            _whole_steps(panel, cell.rows[cell.rows["part"] == WHOLE_STEP])
            panel.set_xlabel("Time of a training step, ms")
            name_cell(panel, cell.dataset, cell.encoder, len(cells) > 1)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        legend_above(figure, handles, labels, 4)
    first = cells[0].rows
    whole = first[first["part"] == WHOLE_STEP]
    said = ", ".join(f"{arm} {number(time, 1)} ms" for arm, time in zip(whole["arm"], whole["median_ms"], strict=True))
    return Plot(
        "step_time",
        "Where the time of a step goes",
        "Bars: medians of the parts. Marker and line: median and quartiles of whole steps, timed with no clock inside.",
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
    name_rows(panel, arms)


def _whole_steps(panel: Axes, rows: pd.DataFrame) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        panel.plot([row["q1"], row["q3"]], [place + 0.4] * 2, color=INK, linewidth=1.2)
        panel.plot(row["median_ms"], place + 0.4, color=INK, marker="|", markersize=7)


TENSORS = "tensors"


def memory_figure(results: Results) -> Plot | None:
    """Stacked bars of training's peak: the process on the left, what its tensors are on the right."""
    table = profile_table_of(results, "memory")
    if table.empty:
        return None
    training = table[(table["phase"] == "training") & (table["part"] != PEAK)]
    cells = profile_cells(training.rename(columns={"mib": "size"}))
    if not cells:
        return None
    causes = [part for part in dict.fromkeys(training["part"]) if part not in OUTSIDE_TENSORS]
    causes = [part for part in causes if training.loc[training["part"] == part, "mib"].max() >= 0.005]
    with theme("memory"):
        figure, axes = grid(len(cells), 2, row_height=1.5 + rows_height(training["arm"].unique(), 0.34))
        for (whole, tensors), cell in zip(axes, cells, strict=True):
            stack(whole, _process(cell.rows), [*OUTSIDE_TENSORS[:-1], TENSORS, OUTSIDE_TENSORS[-1]])
            stack(tensors, cell.rows, causes)
            whole.set_xlabel("Process at its peak, MiB")
            tensors.set_xlabel("Its tensors by cause, MiB")
            tensors.tick_params(labelleft=False)
            for panel in (panel for panel in (whole, tensors) if panel.get_legend_handles_labels()[0]):
                panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=7, handlelength=1.6)
            name_cell(whole, cell.dataset, cell.encoder, len(cells) > 1, 36)
    peaks = table[(table["phase"] == "training") & (table["part"] == PEAK)]
    said = ", ".join(f"{arm} {number(size, 0)} MiB" for arm, size in zip(peaks["arm"], peaks["mib"], strict=True))
    return Plot(
        "memory",
        "Where peak memory goes",
        "Left: the process when it was largest; its baseline is what libraries took. Right: the tensors among it.",
        f"Peak memory of training: {said}.",
        figure,
        table,
    )


def _process(rows: pd.DataFrame) -> pd.DataFrame:
    """The process's parts, with all tensors as one of them."""
    tensors = rows[~rows["part"].isin(OUTSIDE_TENSORS)].groupby("arm", sort=False)["size"].sum().reset_index()
    return pd.concat([rows[rows["part"].isin(OUTSIDE_TENSORS)], tensors.assign(part=TENSORS)], ignore_index=True)
