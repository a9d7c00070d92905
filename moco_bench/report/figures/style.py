"""What all figures share: colours, markers and hatches of the arms, type, and how a figure becomes SVG and PNG.

Colours are Okabe & Ito's (2008), made for the colour-blind; each arm also has its own marker, dash and hatch, so that
a figure printed in grey can be read. Neutral colours are sentinels that the page replaces by its own for dark mode.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from moco_bench.report.figures.layout import OneLook, settle

INK, MUTED, RULE, PAPER = "#1b1e24", "#5a616b", "#d5d3cb", "#fdfcfa"
PNG_DPI = 150
WIDTH = 7.2  # inches: 691 px on the page, a text column in print


@dataclass(frozen=True)
class ArmStyle:
    """How one arm is drawn everywhere."""

    colour: str
    marker: str
    dash: Any
    hatch: str


_FIXED = {
    "vanilla": ArmStyle("#6b6b6b", "o", "-", ""),
    "dual": ArmStyle("#0072b2", "s", (0, (5, 1.5)), "///"),
    "filter": ArmStyle("#d55e00", "^", (0, (1.2, 1.2)), "..."),
    "both": ArmStyle("#009e73", "D", (0, (6, 1.5, 1.2, 1.5)), "xxx"),
}
_FURTHER = (
    ArmStyle("#cc79a7", "v", (0, (3, 1)), "\\\\\\"),
    ArmStyle("#b97f00", "P", (0, (8, 2)), "+++"),
    ArmStyle("#3a9bd1", "X", (0, (2, 2)), "ooo"),
    ArmStyle("#7f4fa0", "<", (0, (4, 1, 1, 1, 1, 1)), "---"),
    ArmStyle("#8c5a2b", ">", (0, (1, 3)), "|||"),
    ArmStyle("#4d7a00", "p", (0, (6, 3)), "***"),
)
_PART_HATCHES = ("", "//", "\\\\", "||", "--", "xx", "++", "/", "\\", "|")
THEME: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # a place of its own: looking for one over all ticks takes a tenth of the time
    "axes.labelsize": 9,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "figure.facecolor": PAPER,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "patch.linewidth": 0.8,
    "text.color": INK,
    "axes.titlecolor": INK,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "xtick.bottom": False,  # grid lines show the places
    "ytick.left": False,
    "svg.fonttype": "none",
    "text.hinting": "no_hinting",  # of no use at 150 dots an inch, and a fifth of the time of a PNG
    "text.parse_math": False,  # a dollar sign in the name of an arm is a dollar sign
}


@dataclass(frozen=True)
class Plot:
    """A drawn figure with the data behind it; `alt` says in words what it shows."""

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure
    data: pd.DataFrame


def arm_styles(arms: Sequence[str]) -> dict[str, ArmStyle]:
    """A style for every arm: the 2x2's are fixed, further ones take the next free."""
    further = [arm for arm in arms if arm not in _FIXED]
    return {arm: _FIXED[arm] if arm in _FIXED else _FURTHER[further.index(arm) % len(_FURTHER)] for arm in arms}


def part_styles(parts: Sequence[str]) -> dict[str, ArmStyle]:
    """A style for each of the parts that something is made of, in their order; ten differ.

    Their hatches are thin: stacked bars have many of them, and stars and dots make an SVG heavy.
    """
    styles = [
        replace(style, hatch=hatch) for style, hatch in zip((*_FIXED.values(), *_FURTHER), _PART_HATCHES, strict=True)
    ]
    return {part: styles[place % len(styles)] for place, part in enumerate(parts)}


@contextmanager
def theme(name: str) -> Iterator[None]:
    """Draw and save inside of this; `name` makes the SVG's identifiers its own and the same every time."""
    with mpl.rc_context(cast(Any, {**THEME, "svg.hashsalt": name})):
        yield


def grid(rows: int, columns: int, *, row_height: float, **options: Any) -> tuple[Figure, Any]:
    """A figure of the report's width with rows x columns axes, [rows, columns] even where one is 1."""
    figure = Figure(figsize=(WIDTH, rows * row_height), dpi=PNG_DPI, layout=OneLook())
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for panel in axes.flat:  # few ticks: enough to read, and text is what takes the time to draw
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.yaxis.set_major_locator(MaxNLocator(4))
        panel.patch.set_visible(False)
    return figure, axes


def name_cell(axes: Axes, dataset: str, encoder: str, several: bool) -> None:
    """Head an axes with its data set and encoder where there are several."""
    if several:
        axes.set_title(f"{dataset} \u00b7 {encoder}")


def as_svg(plot: Plot) -> str:
    """The figure as standalone SVG text; the same bytes for the same data."""
    buffer = io.StringIO()
    with theme(plot.name):
        settle(plot.figure)
        plot.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def as_png(plot: Plot) -> bytes:
    """The figure as PNG at 150 dots an inch, without transparency, which would take half as long again to pack."""
    buffer = io.BytesIO()
    with theme(plot.name):
        canvas = settle(plot.figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    Image.fromarray(pixels).save(buffer, format="png", compress_level=1, dpi=(PNG_DPI, PNG_DPI))
    return buffer.getvalue()


def inline_svg(svg: str, name: str) -> str:
    """SVG that can stand inside the page: own identifiers, the page's font, colours that follow light and dark."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r'(<image\b[^>]*?) id="[^"]*"', r"\1", body)  # equal images have equal ones
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r"#(?:[0-9a-f]{6})\b(?=[;\"])", _variable, body)
    body = body.replace("'DejaVu Sans'", "inherit").replace("DejaVu Sans", "inherit")
    return body.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


_NAMES = {INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper"} | {
    style.colour: f"c-{style.colour[1:]}" for style in (*_FIXED.values(), *_FURTHER)
}


def _variable(match: re.Match[str]) -> str:
    colour = match.group(0)
    return f"var(--{_NAMES[colour]}, {colour})" if colour in _NAMES else colour
