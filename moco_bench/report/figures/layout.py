"""Where the parts of a figure go: one look at what each panel needs around it.

matplotlib's constrained layout looks at everything twice, with all ticks and labels, which is a fifth of the time of a
report. Panels here are plain grids whose number of ticks doesn't depend on their size, so one look is enough.
"""

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.ticker import FixedFormatter, FixedLocator

EDGE, GAP = 0.045, 0.12
"""Inches around the figure, and between two panels beside what they need."""


class OneLook(LayoutEngine):
    """Panels of one size each row and column, as far apart as their labels need; legend above, common label below."""

    _adjust_compatible = True
    _colorbar_gridspec = True

    def execute(self, fig: Any) -> None:
        """Place the panels, and pin the labels of their axes where they now belong."""
        renderer = canvas_of(fig).get_renderer()  # type: ignore[no-untyped-call]
        width, height = fig.bbox.width, fig.bbox.height
        edge, gap = EDGE * fig.dpi, GAP * fig.dpi
        needs = {axes: _needs(axes, renderer) for axes in fig.axes}
        columns, rows = _tracks(needs)
        top = sum(legend.get_window_extent(renderer).height + edge for legend in fig.legends)
        bottom = sum(text.get_window_extent(renderer).height + edge for text in fig.texts)
        lefts, panel_width = _spread(columns, edge, width - edge, gap)
        tops, panel_height = _spread(rows, edge + top, height - edge - bottom, gap)
        for axes, need in needs.items():
            place = axes.get_subplotspec()
            x0 = lefts[place.colspan.start]
            y0 = height - tops[place.rowspan.start] - panel_height
            axes.set_position((x0 / width, y0 / height, panel_width / width, panel_height / height))
            _pin_labels(axes, need, panel_width, panel_height)
            _keep_ticks(axes)


Need = dict[str, float]
Track = tuple[float, float]


def _needs(axes: Any, renderer: Any) -> Need:
    """Pixels that a panel's ticks, labels, title and legend take on each side, and how far from it its labels are.

    What is drawn inside of the panel is not asked: it takes no room around it.
    """
    panel, legend = axes.get_window_extent(renderer), axes.get_legend()
    extra = [] if legend is None else [legend]
    whole = axes.get_tightbbox(renderer, bbox_extra_artists=extra, for_layout_only=True) or panel
    labels = {name: axis.label.get_transform().transform(axis.label.get_position()) for name, axis in _axes_of(axes)}
    return {
        "left": max(panel.x0 - whole.x0, 0.0),
        "right": max(whole.x1 - panel.x1, 0.0),
        "top": max(whole.y1 - panel.y1, 0.0),
        "bottom": max(panel.y0 - whole.y0, 0.0),
        "x": labels["x"][1] - panel.y0,
        "y": labels["y"][0] - panel.x0,
    }


def _axes_of(axes: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("x", axes.xaxis), ("y", axes.yaxis)


def _tracks(needs: dict[Any, Need]) -> tuple[list[Track], list[Track]]:
    """What each column needs on its left and right, and each row above and below."""
    places = {axes: axes.get_subplotspec() for axes in needs}
    columns = [
        [need for axes, need in needs.items() if places[axes].colspan.start == column]
        for column in range(max(place.colspan.stop for place in places.values()))
    ]
    rows = [
        [need for axes, need in needs.items() if places[axes].rowspan.start == row]
        for row in range(max(place.rowspan.stop for place in places.values()))
    ]
    return (
        [(max(need["left"] for need in own), max(need["right"] for need in own)) for own in columns],
        [(max(need["top"] for need in own), max(need["bottom"] for need in own)) for own in rows],
    )


def _spread(tracks: list[Track], start: float, stop: float, gap: float) -> tuple[list[float], float]:
    """Where each panel begins along one direction, and the size that is left for each."""
    taken = sum(before + after for before, after in tracks) + gap * (len(tracks) - 1)
    size = max((stop - start - taken) / len(tracks), 1.0)
    places, at = [], start
    for before, after in tracks:
        places.append(at + before)
        at += before + size + after + gap
    return places, size


def _pin_labels(axes: Any, need: Need, width: float, height: float) -> None:
    """Matplotlib looks for labels' places each time it draws; here they stay as far from the panel as they were."""
    (_, x), (_, y) = _axes_of(axes)
    if x.label.get_text():
        x.set_label_coords(0.5, need["x"] / height)
    if y.label.get_text():
        y.set_label_coords(need["y"] / width, 0.5)


def _keep_ticks(axes: Any) -> None:
    """Ticks are where they are, and their labels need no more measuring: drawing an axis asks for both each time."""
    for _, axis in _axes_of(axes):
        if axis.get_offset_text().get_text():
            continue  # it is placed beside the labels
        ticks = axis.get_majorticklocs()
        labels = axis.get_major_formatter().format_ticks(ticks)  # panels that share an axis share both
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FixedFormatter(labels))
        for tick in axis.get_major_ticks(len(ticks)):
            tick.label1.set_in_layout(False)


def settle(figure: Figure) -> FigureCanvasAgg:
    """Lay a figure out, once for all the formats that it is saved in; returns the canvas that its PNG is drawn on."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)  # not "none", which leaves a placeholder that makes matplotlib draw twice
    return canvas_of(figure)


def canvas_of(figure: Figure) -> FigureCanvasAgg:
    """The figure's own canvas: one for looking and drawing, since it remembers how large each text is."""
    canvas = figure.canvas
    return canvas if isinstance(canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
