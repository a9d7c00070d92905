"""What gives way, and in which order, so that the page stays under 3 MB and can be mailed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from moco_bench.report.model.page import Page

MAX_BYTES = 3_000_000
FEWEST_ROWS = 10
QUOTED = 1.5
"""Percent-encoding makes a table or data about half as long again."""


@dataclass(frozen=True)
class Fit:
    """How the page shows its heavy parts.

    `figures`: what stands for each figure, by name: a drawing or an image. `files`: the texts of the files that the
    page offers for download, by their place beside it, such as `tables/runs.csv`; those in `beside` are only linked to.
    `rows`: how many rows of a table are shown, where that isn't all.
    """

    figures: Mapping[str, Markup] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    rows: Mapping[str, int] = field(default_factory=dict)


def cheaper(
    page: Page, fit: Fit, excess: int, images: Mapping[str, Markup], table_bytes: Mapping[str, int]
) -> Iterator[Fit]:
    """Ever smaller ways to show a page that is `excess` bytes too large, from the first that may do.

    The largest saving gives way first; rows of tables come last, half of the largest table's at a time.
    """
    saved = 0.0
    for saving, kind, name in sorted(_savings(page, fit, images), key=lambda found: -found[0]):
        saved += saving
        if kind == "image":
            fit = replace(fit, figures={**fit.figures, name: images[name]})
        else:
            fit = replace(fit, beside=fit.beside | {name})
        if saved >= excess:
            yield fit
    counts = {table.name: len(table.rows) for table in page.tables}
    sizes = {name: float(size) for name, size in table_bytes.items() if counts[name] > FEWEST_ROWS}
    while sizes:
        largest = max(sizes, key=lambda name: sizes[name])
        kept = max(FEWEST_ROWS, fit.rows.get(largest, counts[largest]) // 2)
        fit = replace(fit, rows={**fit.rows, largest: kept})
        sizes[largest] /= 2
        saved += sizes[largest]
        if kept == FEWEST_ROWS:
            del sizes[largest]
        if saved >= excess:
            yield fit


def _savings(page: Page, fit: Fit, images: Mapping[str, Markup]) -> Iterator[tuple[float, str, str]]:
    """Bytes saved, how, and by what."""
    for drawn in page.drawings:
        yield len(fit.figures[drawn.name]) - len(images[drawn.name]), "image", drawn.name
    for place, text in fit.files.items():
        yield QUOTED * len(text), "beside", place
    yield float(len(page.suite_text)), "beside", "suite.yaml"
