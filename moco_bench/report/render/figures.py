"""Creates, styles and saves figures, as SVG and PNG."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any, cast

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from moco_bench.report.model.page import Plot
from moco_bench.report.model.words import shortened
from moco_bench.report.read.results import Results
from moco_bench.report.render.style import NAMES, PNG_DPI, THEME

WIDTH = 7.2  # inches: 691 px on the page, a text column in print

FigureOf = Callable[[Results], Plot | None]
"""Draws one figure; None if the results have no data for it."""


@contextmanager
def theme(name: str = "") -> Iterator[None]:
    """The theme in which figures are drawn and saved; `name` makes the SVG's identifiers unique and reproducible.

    It begins with matplotlib's own defaults, so that no matplotlibrc, style or notebook changes a byte.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, {**THEME, "svg.hashsalt": name}))
        yield


def plot(name: str, title: str) -> Callable[[FigureOf], FigureOf]:
    """Decorate a function that draws a figure: it uses the report's theme; `name` is the file and the anchor."""

    def named(make: FigureOf) -> FigureOf:
        @wraps(make)
        def drawn(results: Results) -> Plot | None:
            with theme():
                made = make(results)
            return made and replace(made, name=name, title=title, alt=shortened(made.alt))

        return drawn

    return named


def grid(rows: int, columns: int, *, row_height: float, width: float = WIDTH, **options: Any) -> tuple[Figure, Any]:
    """A figure of `width` inches with axes [rows, columns], also where one of them is 1."""
    made = Figure(figsize=(width, rows * row_height), dpi=PNG_DPI, layout="constrained")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    for panel in axes.flat:  # few ticks: enough to read, and text is what takes the time to draw
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.yaxis.set_major_locator(MaxNLocator(4))
        panel.patch.set_visible(False)
    return made, axes


def as_svg(plot: Plot) -> str:
    """The figure as standalone SVG text; the same bytes for the same data."""
    buffer = io.StringIO()
    with theme(plot.name):
        plot.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def as_png(plot: Plot) -> bytes:
    """The figure as PNG at 150 dots per inch."""
    buffer = io.BytesIO()
    with theme(plot.name):  # not `savefig`, which draws a figure that had a layout twice
        cast(Any, FigureCanvasAgg(plot.figure)).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def draw(build: FigureOf, results: Results) -> tuple[Plot, ...]:
    """One figure in both formats, which take the place of matplotlib's; empty if there is nothing to draw."""
    made = build(results)
    if made is None:
        return ()
    svg = as_svg(made)
    made.figure.set_layout_engine("none")  # the PNG keeps the SVG's layout, so it is computed once
    return (replace(made, figure=Figure(), svg=svg, png=as_png(made)),)


def inline_svg(svg: str, name: str) -> str:
    """SVG for use inside the page: unique identifiers, the page's font, colours that follow light and dark mode."""
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    body = re.sub(r'(<image\b[^>]*?) id="[^"]*"', r"\1", body)  # equal images have equal ones
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    for size in ("width", "height"):
        body = re.sub(rf'(<svg[^>]*?) {size}="[^"]*"', r"\1", body, count=1)
    body = re.sub(rf'(?:{"|".join(NAMES)})(?=[;"])', lambda found: f"var(--{NAMES[found[0]]}, {found[0]})", body)
    body = body.replace("'DejaVu Sans'", "inherit").replace("DejaVu Sans", "inherit")
    return body.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
