"""The one step of the report that writes files."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moco_bench.files import write_atomically, write_text
from moco_bench.report.figures.style import Plot, as_png, as_svg
from moco_bench.report.links import Links
from moco_bench.report.page import build_page
from moco_bench.report.render import render_html, render_markdown
from moco_bench.report.results import load_results
from moco_bench.report.tables.model import Table
from moco_bench.report.tables.writers import as_csv, as_latex, as_markdown


def write_report(results: Path, out: Path) -> Path:
    """Render `results` (a `results/SUITE` folder) into `out`; returns the path of the page.

    Writes report.html, report.md, tables/NAME.{csv,md,tex} and figures/NAME.{svg,png,csv}.

    Raises:
        InputError: the results can't be used; nothing is written then.
    """
    with _without_garbage_collection():
        page = build_page(load_results(results), Links(results, out))
        svgs = {plot.name: as_svg(plot) for plot in page.plots}
        pngs = {plot.name: as_png(plot) for plot in page.plots}
        html, markdown = render_html(page, svgs, pngs), render_markdown(page)
    for folder in ("figures", "tables"):  # also where they stay empty: a workflow may have been promised them
        (out / folder).mkdir(parents=True, exist_ok=True)
    for plot in page.plots:
        _write_figure(out / "figures", plot, svgs[plot.name], pngs[plot.name])
    for table in page.tables:
        _write_table(out / "tables", table)
    write_text(out / "report.md", markdown)
    write_text(out / "report.html", html)
    return out / "report.html"


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Figures are a great many small objects that live until the end: looking for cycles costs a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _write_figure(folder: Path, plot: Plot, svg: str, png: bytes) -> None:
    write_text(folder / f"{plot.name}.svg", svg)
    write_atomically(folder / f"{plot.name}.png", lambda path: _write_bytes(path, png))
    write_text(folder / f"{plot.name}.csv", plot.data.to_csv(index=False, float_format="%.10g", lineterminator="\n"))


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _write_table(folder: Path, table: Table) -> None:
    write_text(folder / f"{table.name}.csv", as_csv(table))
    write_text(folder / f"{table.name}.md", as_markdown(table, up="../"))
    write_text(folder / f"{table.name}.tex", as_latex(table))
