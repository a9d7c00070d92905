"""Figures of a training step's time and memory by part, arm by arm."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.memory_claim import OUTSIDE_TENSORS, PEAK
from moco_bench.analyse.text import number
from moco_bench.report.model.page import Plot
from moco_bench.report.read.profile import WHOLE_STEP, profile_cells, profile_table_of, title_of
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import legend_above, name_cell, name_rows, rows_height, wrapped
from moco_bench.report.render.style import INK, MUTED, PAPER, part_styles


@plot("step_time", "Where the time of a step goes")
def step_time_figure(results: Results) -> Plot | None:
    """Stacked bars of the parts' medians, and the whole step's median and quartiles beside them."""
    table = profile_table_of(results, "time")
    cells = profile_cells(table)
    if not cells:
        return None
    parts = [part for part in dict.fromkeys(table["part"]) if part != WHOLE_STEP]
    figure, axes = grid(len(cells), 1, row_height=1.1 + rows_height(table["arm"].unique(), 0.34))
    for panel, cell in zip(axes[:, 0], cells, strict=True):
        stack(panel, cell.rows.rename(columns={"median_ms": "size"}), parts)
        _whole_steps(panel, cell.rows[cell.rows["part"] == WHOLE_STEP])
        panel.set_xlabel("Time of a training step, ms")
        name_cell(panel, cell.dataset, cell.encoder, len(cells) > 1)
    legend_above(figure, axes[0, 0], 4)
    first = cells[0].rows
    whole = first[first["part"] == WHOLE_STEP]
    said = ", ".join(f"{arm} {number(time, 1)} ms" for arm, time in zip(whole["arm"], whole["median_ms"], strict=True))
    return Plot(
        "Bars: medians of the parts. Marker and line: median and quartiles of whole steps, timed separately.",
        f"Time of a training step by part; whole steps: {said}.",
        figure,
        table,
    )


def stack(panel: Axes, rows: pd.DataFrame, parts: list[str]) -> None:
    """Stacked bars, one per arm, of `size` by part."""
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


@plot("memory", "Where peak memory goes")
def memory_figure(results: Results) -> Plot | None:
    """Stacked bars of training's peak: the process on the left, its tensors on the right."""
    table = profile_table_of(results, "memory")
    if table.empty:
        return None
    training = table[(table["phase"] == "training") & (table["part"] != PEAK)]
    cells = profile_cells(training.rename(columns={"mib": "size"}))
    if not cells:
        return None
    causes = [part for part in dict.fromkeys(training["part"]) if part not in OUTSIDE_TENSORS]
    causes = [part for part in causes if training.loc[training["part"] == part, "mib"].max() >= 0.005]
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
        "Left: the process at its peak; its baseline is the libraries\u2019 memory. Right: its tensors by cause.",
        f"Peak memory of training: {said}.",
        figure,
        table,
    )


def _process(rows: pd.DataFrame) -> pd.DataFrame:
    """The process's parts, with all tensors as one part."""
    tensors = rows[~rows["part"].isin(OUTSIDE_TENSORS)].groupby("arm", sort=False)["size"].sum().reset_index()
    return pd.concat([rows[rows["part"].isin(OUTSIDE_TENSORS)], tensors.assign(part=TENSORS)], ignore_index=True)


GROUPS = {
    "data set": ("data_set",),
    "weights, gradients, optimiser": ("parameters", "key_encoder", "optimiser_state", "gradients"),
    "queue": ("queue",),
    "input": ("input",),
    "activations saved for backward": ("activations",),
    "loss": ("loss",),
    "temporaries": ("query_temporaries", "key_temporaries", "backward_temporaries", "update_temporaries"),
}
SHOWN_ARMS = 4
NAMED_ABOVE = 0.08
"""Fraction of a step below which a part's name would not fit above it."""


@plot("memory_timeline", "Memory over one step")
def timeline_figure(results: Results) -> Plot | None:
    """Stacked tensor bytes over a step of the first arms, on the first data set and encoder."""
    cells = profile_cells(profile_table_of(results, "timeline"))
    if not cells:
        return None
    table = cells[0].rows
    table = table[table["during"].notna()]  # before the step began
    causes = list(GROUPS)
    sizes = {group: table[[part for part in parts if part in table]].sum(axis=1) for group, parts in GROUPS.items()}
    since_data = table["ms"] - table.groupby("arm")["ms"].transform("min")
    table = table[["arm", "during"]].assign(ms=since_data, **sizes)
    peak = float(table[causes].sum(axis=1).max())
    arms = list(dict.fromkeys(table["arm"]))[:SHOWN_ARMS]
    figure, axes = grid(len(arms), 1, row_height=1.6, sharey=True)
    for panel, arm in zip(axes[:, 0], arms, strict=True):
        own = table[table["arm"] == arm]
        _areas(panel, own, causes)
        _name_parts(panel, own, peak)
        panel.set_title(wrapped(arm, 80))
        panel.set_ylabel("MiB")
    axes[-1, 0].set_xlabel("Time of a watched step, ms (watching makes it slower)")
    legend_above(figure, axes[0, 0], 3)
    peaks = {arm: float(table.loc[table["arm"] == arm, causes].sum(axis=1).max()) for arm in arms}
    said = ", ".join(f"{arm} {number(size, 1)} MiB" for arm, size in peaks.items())
    return Plot(
        "Bytes of tensors by cause, from the data to the queue. The peak is where the sum is highest.",
        f"Tensor memory over a training step; peaks: {said}.",
        figure,
        table,
    )


def _areas(panel: Axes, rows: pd.DataFrame, causes: list[str]) -> None:
    styles = part_styles(causes)
    lower = pd.Series(0.0, index=rows.index)
    for cause in causes:
        upper = lower + rows[cause]
        panel.fill_between(
            rows["ms"], lower, upper, step="post", facecolor=styles[cause].colour, alpha=0.75, linewidth=0,
            label=cause,
        )  # fmt: skip
        lower = upper
    panel.margins(x=0)


def _name_parts(panel: Axes, rows: pd.DataFrame, peak: float) -> None:
    """Mark the beginning of each part of the step with a dotted line, and its name where there is room."""
    began = rows["during"] != rows["during"].shift()
    starts = [(float(row["ms"]), str(row["during"])) for row in rows[began].to_dict("records")]
    ends = [start for start, _ in starts[1:]] + [float(rows["ms"].max())]
    whole = max(ends[-1] - starts[0][0], 1e-9)
    panel.set_ylim(0, peak * 1.25)
    for (start, part), end in zip(starts, ends, strict=True):
        panel.axvline(start, color=MUTED, linewidth=0.5, linestyle=":")
        if (end - start) / whole > NAMED_ABOVE:
            panel.annotate(title_of(part), ((start + end) / 2, peak * 1.12), ha="center", fontsize=7, color=MUTED)
