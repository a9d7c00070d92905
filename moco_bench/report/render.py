"""A page as one self-contained HTML file and as Markdown. Jinja2 escapes everything that comes from a suite."""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from moco_bench.report.figures.style import inline_svg
from moco_bench.report.fit import MAX_BYTES, Fit, cheaper
from moco_bench.report.page import Page
from moco_bench.report.strip import WIDTH
from moco_bench.report.tables.model import Table
from moco_bench.report.tables.writers import as_csv, as_latex, as_markdown, data_as_csv, escape_link, escape_markdown

KINDS = {"csv": "text/csv", "tex": "text/x-tex"}


def render_html(page: Page, files: Mapping[str, str]) -> str:
    """The whole report in one file under 3 MB.

    Args:
        page: what it says.
        files: the downloads, by their place beside the page: `downloads_of(page)`.

    Figures are inline SVG, and downloads of tables and data are in the page. Where that is too much (long histories,
    thousands of runs), the largest give way: drawings to images, downloads to files beside the page, at last rows of
    long tables.
    """
    environment = _environment(html=True)
    template = environment.get_template("report.html.j2")
    fit = Fit({drawn.name: Markup(inline_svg(drawn.svg, drawn.name)) for drawn in page.drawings}, files)
    html = template.render(_context(page, fit))
    excess = len(html.encode()) - MAX_BYTES
    if excess <= 0:
        return html
    images = {drawn.name: _image(drawn.png) for drawn in page.drawings}
    for smaller in cheaper(page, fit, excess, images, _sizes(environment, page, fit)):
        html = template.render(_context(page, smaller))
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def downloads_of(page: Page) -> dict[str, str]:
    """The texts of all files that the page offers, by their place beside it."""
    texts = {f"figures/{drawn.name}.csv": data_as_csv(drawn.data) for drawn in page.drawings}
    for table in page.tables:
        texts |= {f"tables/{table.name}.csv": as_csv(table), f"tables/{table.name}.tex": as_latex(table)}
    return texts


def _image(png: bytes) -> Markup:
    return Markup('<img alt="" src="data:image/png;base64,{}">').format(base64.b64encode(png).decode())


def _sizes(environment: Environment, page: Page, fit: Fit) -> dict[str, int]:
    """How many bytes each table takes without its downloads, by its name."""
    show = environment.get_template("_table.html.j2").module.show  # type: ignore[attr-defined]
    bare = Fit(beside=frozenset(fit.files))
    return {table.name: len(str(show(table, bare)).encode()) for table in page.tables}


def render_markdown(page: Page) -> str:
    """The same for a code host: tables as pipes, figures as links to SVG files."""
    text = _environment(html=False).get_template("report.md.j2").render(_context(page, Fit()))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _context(page: Page, fit: Fit) -> dict[str, Any]:
    return {"page": page, "fit": fit, "strip_width": WIDTH}


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("moco_bench.report"),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters: dict[str, Any] = {
        "data_uri": lambda text, place: _data_uri(text, KINDS[place.rsplit(".", 1)[1]]),
        "markdown_table": as_markdown,
        "md": escape_markdown,
        "md_link": escape_link,
        "sort_key": _sort_key,
    }
    environment.filters.update(filters)
    environment.tests["table"] = lambda item: isinstance(item, Table)
    return environment


def _data_uri(text: str, kind: str) -> str:
    return f"data:{kind};charset=utf-8,{quote(text)}"


def _sort_key(value: Any) -> str:
    """What a column is sorted by: a number where there is one, nothing where there is none."""
    if isinstance(value, bool) or value is None or value != value:
        return ""
    return f"{value:.10g}" if isinstance(value, (int, float)) else str(value)
