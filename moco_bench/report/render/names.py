"""Names of arms and data sets in figures: wrapped, never cut or rotated, whatever their number and length."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from moco_bench.analyse.table import equal_epochs
from moco_bench.report.read.results import Results

BESIDE = 24
"""Letters per line of a name beside an axis."""
LINE = 0.16
"""Inches per line of a name."""
EDGES, KEY, BETWEEN = 8, 36, 18
"""Points of a legend beside its names: at both edges together, of a name's mark, and between columns."""
MOST_CURVES, MOST_ROWS = 10, 30
"""Most arms to draw where they share a panel, and where each has a row; tables have all."""


def wrapped(name: str, width: int = BESIDE) -> str:
    """The name in lines of at most `width` letters, broken behind spaces and hyphens where it can be."""
    return "\n".join(textwrap.wrap(name, width, break_on_hyphens=True)) or name


def rows_height(names: Iterable[str], least: float = 0.24, width: int = BESIDE) -> float:
    """Inches that a panel with one row per name needs."""
    lines = max((wrapped(name, width).count("\n") + 1 for name in names), default=1)
    return max(least, LINE * lines + 0.06) * len(list(names))


def name_rows(panel: Axes, names: Sequence[str], width: int = BESIDE) -> None:
    """Label one row per name, the first on top; only the values have grid lines."""
    panel.set_yticks(range(len(names)), [wrapped(name, width) for name in names])
    panel.tick_params(axis="y", labelsize=8)
    panel.set_ylim(len(names) - 0.4, -0.6)
    panel.grid(axis="y", visible=False)


def name_cell(axes: Axes, dataset: str, encoder: str, several: bool, width: int = 80) -> None:
    """Title an axes with its data set and encoder if there are several."""
    if several:
        axes.set_title(wrapped(f"{dataset} \u00b7 {encoder}", width))


def legend_above(figure: Figure, named: Axes | Mapping[str, Any], most: int = 6) -> None:
    """A legend above all panels, in as many columns as fit; the figure grows by its height.

    `named`: a panel whose legend it is, or what stands for each name.
    """
    if isinstance(named, Axes):
        handles, labels = named.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True))
    if not named:
        return
    width = figure.get_figwidth() * 72
    shown = [_fitting(label, width - EDGES - KEY) for label in named]
    columns = _columns(shown, width, min(most, len(shown)))
    lines = [label.count("\n") + 1 for label in shown]
    highest = max(sum(column) for column in np.array_split(lines, columns))
    figure.set_figheight(figure.get_figheight() + LINE * 1.15 * (int(highest) - 1))
    figure.legend(list(named.values()), shown, loc="outside upper center", ncols=columns)


def _columns(shown: Sequence[str], width: float, most: int) -> int:
    """Columns of a legend: as many as fit by the count of letters, fewer where letters are wider than that."""
    letters = max(len(line) for label in shown for line in label.split("\n"))
    wide = [_points_wide(label) for label in shown]
    columns = max(1, min(int(width // (5.4 * letters + 46)), most))
    while columns > 1 and _legend_wide(wide, columns) > width:
        columns -= 1
    return columns


def _legend_wide(wide: Sequence[float], columns: int) -> float:
    """Points that a legend takes whose names are so wide; each column is as wide as its widest name."""
    names = sum(max(column) for column in np.array_split(wide, columns))  # as matplotlib fills the columns
    return float(names) + EDGES + columns * KEY + (columns - 1) * BETWEEN


def _fitting(name: str, room: float) -> str:
    """The name in lines of at most 70 letters and `room` points: capitals are twice as wide as small letters."""
    shorter = (wrapped(name, letters) for letters in range(70, 0, -1))
    return next((shown for shown in shorter if _points_wide(shown) <= room), name)


def _points_wide(shown: str) -> float:
    """Points that the widest line takes in a legend."""
    font = FontProperties(size=rcParams["legend.fontsize"])
    return max(float(text_to_path.get_text_width_height_descent(line, font, False)[0]) for line in shown.split("\n"))


def curve_arms(results: Results, most: int = MOST_CURVES) -> tuple[tuple[str, ...], str]:
    """At most `most` arms to draw, and a sentence for the caption if arms were left out.

    They are the baseline and those whose primary metric differs most from it.
    """
    arms, baseline = results.arms, results.plan.baseline
    if len(arms) <= most:
        return arms, ""
    sizes = equal_epochs(results.seed_values).groupby("effect")["value"].mean().abs()
    ranked = sorted(arms, key=lambda arm: (arm != baseline, -float(sizes.get(f"{arm}-{baseline}", 0.0))))
    kept = set(ranked[:most])
    said = f" Drawn are the baseline and the {most - 1} arms that differ most from it, of {len(arms)} arms."
    return tuple(arm for arm in arms if arm in kept), said
