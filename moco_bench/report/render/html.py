"""Renders a page as one self-contained HTML file, and as Markdown. Jinja2 escapes all text of a suite."""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from moco_bench.report.model.page import WIDTH, Page
from moco_bench.report.model.table import Table
from moco_bench.report.render.figures import inline_svg
from moco_bench.report.render.fit import Fit, fitted
from moco_bench.report.render.tables import as_csv, as_latex, as_markdown, data_as_csv, escape_link, escape_markdown

MAX_BYTES = 3_000_000
SPARE = 20_000
"""Spare bytes, as sizes are estimates."""
KINDS = {"csv": "text/csv", "tex": "text/x-tex"}


def render_html(page: Page, files: Mapping[str, str]) -> str:
    """The whole report in one file under 3 MB; `files` are the downloads, `downloads_of(page)`.

    Figures are inline SVG, and downloads of tables and data are in the page, as many as there is room for beside what
    has to be there: drawings become images, downloads are files beside the page, long tables show their first rows.
    """
    template = environment(html=True).get_template("report.html.j2")
    shown = {drawn.name: inline_svg(drawn.svg, drawn.name) for drawn in page.drawings}
    data = {drawn.name: base64.b64encode(drawn.png).decode() for drawn in page.drawings}
    images = {name: f'<img alt="" src="data:image/png;base64,{png}">' for name, png in data.items()}
    elsewhere = {f"tables/{page.runs.name}.{kind}" for kind in KINDS} if page.runs else set()
    offered = {place: text for place, text in files.items() if place not in elsewhere}
    nothing = Fit(dict.fromkeys(shown, Markup()), rows={table.name: 0 for table in page.tables})
    bare = template.render(page=page, fit=nothing, strip_width=WIDTH)
    room = MAX_BYTES - len(bare.encode()) - SPARE
    return template.render(page=page, fit=fitted(page, offered, room, shown, images), strip_width=WIDTH)


def render_runs(page: Page) -> str:
    """A separate page with every run, search and sorting; empty without runs."""
    return environment(html=True).get_template("runs.html.j2").render(page=page) if page.runs else ""


def downloads_of(page: Page) -> dict[str, str]:
    """The content of all files that the page offers, by their place beside it."""
    texts = {f"figures/{drawn.name}.csv": data_as_csv(drawn.data) for drawn in page.drawings}
    for table in page.written_tables:
        texts |= {f"tables/{table.name}.csv": as_csv(table), f"tables/{table.name}.tex": as_latex(table)}
    return texts


def environment(*, html: bool) -> Environment:
    """Jinja2 with the filters of the templates; it escapes for HTML, while Markdown templates use the filter `md`."""
    made = Environment(
        loader=PackageLoader("moco_bench.report.render"),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters: dict[str, Any] = {
        "data_uri": lambda text, place: f"data:{KINDS[place.rsplit('.', 1)[1]]};charset=utf-8,{quote(text)}",
        "markdown_table": as_markdown,
        "md": escape_markdown,
        "md_link": escape_link,
        "sort_key": _sort_key,
    }
    made.filters.update(filters)
    made.tests["table"] = lambda item: isinstance(item, Table)
    return made


def _sort_key(value: Any) -> str:
    """The key by which a table's column is sorted: a number if there is one, empty without a value."""
    if isinstance(value, bool) or value is None or value != value:
        return ""
    return f"{value:.10g}" if isinstance(value, (int, float)) else str(value)


def render_markdown(page: Page) -> str:
    """The page in Markdown: tables as pipe tables, figures as links to SVG files."""
    text = environment(html=False).get_template("report.md.j2").render(page=page, fit=Fit(), strip_width=WIDTH)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
