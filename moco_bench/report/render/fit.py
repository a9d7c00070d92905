"""What gives way so that the page stays under 3 MB: the largest drawings and downloads, long tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from moco_bench.report.model.page import Page
from moco_bench.report.model.table import Table

MOST_ROWS = (400, 200, 100, 50, 20, 10)
"""How many rows of each table are shown, where all of them would take more than half of the room."""
QUOTED = 1.5
"""Percent-encoding makes a table or data about half as long again."""


@dataclass(frozen=True)
class Fit:
    """How the page shows its heavy parts.

    `figures`: what stands for each figure, by name: a drawing or an image. `files`: the texts of the files that the
    page carries for download, by their place beside it, such as `tables/runs.csv`; to others it only links. `rows`:
    how many rows of a table are shown at most.
    """

    figures: Mapping[str, Markup] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None


def fitted(
    page: Page, files: Mapping[str, str], room: float, shown: Mapping[str, str], images: Mapping[str, str]
) -> Fit:
    """What a page can carry in `room` bytes. The smallest parts come first, so the largest give way.

    Args:
        page: what it says.
        files: what it offers for download.
        room: bytes for all of it.
        shown: each figure's drawing.
        images: what stands for a figure whose drawing is too large.
    """
    rows = next((most for most in (None, *MOST_ROWS) if _bytes(page, most) <= room / 2), MOST_ROWS[-1])
    figures, carried = {name: min(drawing, images[name], key=len) for name, drawing in shown.items()}, {}
    room -= _bytes(page, rows) + sum(map(len, figures.values()))
    parts = [(len(drawing) - len(figures[name]), name) for name, drawing in shown.items()]
    for size, name in sorted([*parts, *((QUOTED * len(text), place) for place, text in files.items())]):
        if size <= room:
            room -= size
            if name in shown:
                figures[name] = shown[name]
            else:
                carried[name] = files[name]
    return Fit({name: Markup(text) for name, text in figures.items()}, carried, rows)


def _bytes(page: Page, most: int | None) -> int:
    return sum(_size(table, most) for table in page.tables)


def _size(table: Table, most: int | None) -> int:
    """About how many bytes a table takes: tags and a sorting key, text and link of each cell."""
    source = len(table.source.href) if table.source else 0
    return sum(110 + len(cell.text) + (len(cell.href) or source) for row in table.rows[:most] for cell in row)
