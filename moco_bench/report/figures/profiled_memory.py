"""Where peak memory goes, arm by arm: of the whole process, and of its tensors alone."""

import pandas as pd

from moco_bench.analyse.memory_claim import OUTSIDE_TENSORS, PEAK
from moco_bench.analyse.text import number
from moco_bench.report.figures.profiled_step import stack
from moco_bench.report.figures.style import Plot, grid, name_cell, theme
from moco_bench.report.profiled import profile_cells, profile_table_of
from moco_bench.report.results import Results

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
        figure, axes = grid(len(cells), 2, row_height=1.5 + 0.34 * training["arm"].nunique())
        for (whole, tensors), cell in zip(axes, cells, strict=True):
            stack(whole, _process(cell.rows), [*OUTSIDE_TENSORS[:-1], TENSORS, OUTSIDE_TENSORS[-1]])
            stack(tensors, cell.rows, causes)
            whole.set_xlabel("Process at its peak, MiB")
            tensors.set_xlabel("Its tensors by cause, MiB")
            tensors.tick_params(labelleft=False)
            for panel in (panel for panel in (whole, tensors) if panel.get_legend_handles_labels()[0]):
                panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=7, handlelength=1.6)
            name_cell(whole, cell.dataset, cell.encoder, len(cells) > 1)
    peaks = table[(table["phase"] == "training") & (table["part"] == PEAK)]
    said = ", ".join(f"{arm} {number(size, 0)} MiB" for arm, size in zip(peaks["arm"], peaks["mib"], strict=True))
    return Plot(
        "memory",
        "Where peak memory goes",
        "Left: the process when it was largest; what libraries had taken before the model existed is the baseline. "
        "Right: the tensors among it.",
        f"Peak memory of training: {said}.",
        figure,
        table,
    )


def _process(rows: pd.DataFrame) -> pd.DataFrame:
    """The process's parts, with all tensors as one of them."""
    tensors = rows[~rows["part"].isin(OUTSIDE_TENSORS)].groupby("arm", sort=False)["size"].sum().reset_index()
    return pd.concat([rows[rows["part"].isin(OUTSIDE_TENSORS)], tensors.assign(part=TENSORS)], ignore_index=True)
