"""Writes the report's files, the only part of the report that does."""

from pathlib import Path

from moco_bench.files import write_bytes, write_text
from moco_bench.report.model.links import Links
from moco_bench.report.page import build_page
from moco_bench.report.read.results import load_results
from moco_bench.report.render.html import downloads_of, render_html, render_markdown, render_runs
from moco_bench.report.render.tables import as_markdown


def write_report(results: Path, out: Path) -> Path:
    """Render `results` (a `results/SUITE` folder) into `out`; returns the path of the page.

    Writes report.html, runs.html, report.md, tables/NAME.{csv,md,tex} and figures/NAME.{svg,png,csv}; the page last.

    Raises:
        InputError: the results can't be used; nothing is written then.
    """
    page = build_page(load_results(results), Links(results, out))
    downloads = downloads_of(page)
    html, markdown = render_html(page, downloads), render_markdown(page)
    for folder in ("figures", "tables"):  # also where they stay empty: a workflow may have been promised them
        (out / folder).mkdir(parents=True, exist_ok=True)
    for place, text in downloads.items():
        write_text(out / place, text)
    for table in page.written_tables:
        write_text(out / f"tables/{table.name}.md", as_markdown(table, up="../"))
    for drawing in page.drawings:
        write_text(out / f"figures/{drawing.name}.svg", drawing.svg)
        write_bytes(out / f"figures/{drawing.name}.png", drawing.png)
    write_text(out / "runs.html", render_runs(page))
    write_text(out / "report.md", markdown)
    write_text(out / "report.html", html)
    return out / "report.html"
