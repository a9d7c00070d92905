"""Memory over one step: what fills up in the forward pass and what the backward pass gives back."""

import pandas as pd
from matplotlib.axes import Axes

from moco_bench.analyse.text import number
from moco_bench.report.model.figure import Plot
from moco_bench.report.read.profile import profile_cells, profile_table_of, title_of
from moco_bench.report.read.results import Results
from moco_bench.report.render.figures import grid, theme
from moco_bench.report.render.names import legend_above, wrapped
from moco_bench.report.render.style import MUTED, part_styles

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
"""Share of a step below which a part's name would not fit above its stretch."""


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
    with theme("memory_timeline"):
        figure, axes = grid(len(arms), 1, row_height=1.6, sharey=True)
        for panel, arm in zip(axes[:, 0], arms, strict=True):
            own = table[table["arm"] == arm]
            _areas(panel, own, causes)
            _name_parts(panel, own, peak)
            panel.set_title(wrapped(arm, 80))
            panel.set_ylabel("MiB")
        axes[-1, 0].set_xlabel("Time of a watched step, ms (watching makes it slower)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        legend_above(figure, handles, labels, 3)
    peaks = {arm: float(table.loc[table["arm"] == arm, causes].sum(axis=1).max()) for arm in arms}
    said = ", ".join(f"{arm} {number(size, 1)} MiB" for arm, size in peaks.items())
    return Plot(
        "memory_timeline",
        "Memory over one step",
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
    """Dotted lines where a part of the step begins, and its name where there is room."""
    began = rows["during"] != rows["during"].shift()
    starts = [(float(row["ms"]), str(row["during"])) for row in rows[began].to_dict("records")]
    ends = [start for start, _ in starts[1:]] + [float(rows["ms"].max())]
    whole = max(ends[-1] - starts[0][0], 1e-9)
    panel.set_ylim(0, peak * 1.25)
    for (start, part), end in zip(starts, ends, strict=True):
        panel.axvline(start, color=MUTED, linewidth=0.5, linestyle=":")
        if (end - start) / whole > NAMED_ABOVE:
            panel.annotate(title_of(part), ((start + end) / 2, peak * 1.12), ha="center", fontsize=7, color=MUTED)
