"""Keeps the page under 3 MB: the largest drawings and downloads become links, long tables are cut."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from moco_bench.report.model.page import Page
from moco_bench.report.model.table import Table

FEWEST_ROWS = 10
QUOTED = 1.5
"""Factor by which percent-encoding lengthens tables and data, about."""


@dataclass(frozen=True)
class Fit:
    """Which heavy parts the page holds, and in what form.

    `figures`: what stands for each figure, by name: a drawing, an image, or a link to an image. `files`: the texts of
    the files that the page carries for download, by their place beside it, such as `tables/runs.csv`; to others it only
    links. `rows`: how many rows of a table are shown, where that isn't all.
    """

    figures: Mapping[str, Markup] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


def fitted(
    page: Page, files: Mapping[str, str], room: float, drawings: Mapping[str, str], images: Mapping[str, str]
) -> Fit:
    """Choose what fits into `room` bytes: of each kind the smallest parts first.

    `files` are offered for download; `images` stand for figures whose `drawings` are too large.
    """
    sizes = {table.name: _size(table) for table in page.tables}
    counts = {table.name: len(table.rows) for table in page.tables}
    share = room / 2 / max(1, len(sizes))
    rows = {name: max(FEWEST_ROWS, int(counts[name] * share / size)) for name, size in sizes.items() if size > share}
    if sum(sizes.values()) <= room / 2:
        rows = {}
    room -= sum(size * min(1.0, rows.get(name, counts[name]) / counts[name]) for name, size in sizes.items())
    figures = {name: f'<img alt="" src="figures/{name}.png">' for name in drawings}
    light = {name: min(drawings[name], images[name], key=len) for name in drawings}
    for better in (light, drawings):
        for name in sorted(better, key=lambda name: len(better[name]) - len(figures[name])):
            more = len(better[name]) - len(figures[name])
            if more <= room:
                room, figures[name] = room - more, better[name]
    carried = {}
    for place in sorted(files, key=lambda place: len(files[place])):
        if QUOTED * len(files[place]) <= room:
            room -= QUOTED * len(files[place])
            carried[place] = files[place]
    return Fit({name: Markup(text) for name, text in figures.items()}, carried, rows)


def _size(table: Table) -> int:
    """Estimated bytes of a table: tags and a sorting key, text and link of each cell."""
    source = len(table.source.href) if table.source else 0
    return sum(110 + len(cell.text) + (len(cell.href) or source) for row in table.rows for cell in row)
