"""A page as one self-contained HTML file. Jinja2 escapes everything that comes from a suite."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from moco_bench.report.model.page import Page
from moco_bench.report.model.summary import WIDTH
from moco_bench.report.model.table import Table
from moco_bench.report.render.figures import inline_svg
from moco_bench.report.render.fit import MAX_BYTES, Fit, cheaper
from moco_bench.report.render.tables import as_csv, as_latex, as_markdown, data_as_csv, escape_link, escape_markdown

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
    jinja = environment(html=True)
    template = jinja.get_template("report.html.j2")
    shown = {drawn.name: Markup(inline_svg(drawn.svg, drawn.name)) for drawn in page.drawings}
    elsewhere = {f"tables/{page.runs.name}.{kind}" for kind in KINDS} if page.runs else set()
    fit = Fit(shown, {place: text for place, text in files.items() if place not in elsewhere})
    html = template.render(context(page, fit))
    excess = len(html.encode()) - MAX_BYTES
    if excess <= 0:
        return html
    images = {drawn.name: _image(drawn.png) for drawn in page.drawings}
    for smaller in cheaper(page, fit, excess, images, _sizes(jinja, page, fit)):
        html = template.render(context(page, smaller))
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def render_runs(page: Page) -> str:
    """Every run on a page of its own, with search and sorting; empty where there are none."""
    return environment(html=True).get_template("runs.html.j2").render(page=page) if page.runs else ""


def downloads_of(page: Page) -> dict[str, str]:
    """The texts of all files that the page offers, by their place beside it."""
    texts = {f"figures/{drawn.name}.csv": data_as_csv(drawn.data) for drawn in page.drawings}
    for table in page.written_tables:
        texts |= {f"tables/{table.name}.csv": as_csv(table), f"tables/{table.name}.tex": as_latex(table)}
    return texts


def _image(png: bytes) -> Markup:
    return Markup('<img alt="" src="data:image/png;base64,{}">').format(base64.b64encode(png).decode())


def _sizes(jinja: Environment, page: Page, fit: Fit) -> dict[str, int]:
    """How many bytes each table takes without its downloads, by its name."""
    show = jinja.get_template("_table.html.j2").module.show  # type: ignore[attr-defined]
    bare = Fit(beside=frozenset(fit.files))
    return {table.name: len(str(show(table, bare)).encode()) for table in page.tables}


def context(page: Page, fit: Fit) -> dict[str, Any]:
    """What the templates know."""
    return {"page": page, "fit": fit, "strip_width": WIDTH}


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
        "data_uri": lambda text, place: _data_uri(text, KINDS[place.rsplit(".", 1)[1]]),
        "markdown_table": as_markdown,
        "md": escape_markdown,
        "md_link": escape_link,
        "sort_key": _sort_key,
    }
    made.filters.update(filters)
    made.tests["table"] = lambda item: isinstance(item, Table)
    return made


def _data_uri(text: str, kind: str) -> str:
    return f"data:{kind};charset=utf-8,{quote(text)}"


def _sort_key(value: Any) -> str:
    """What a column is sorted by: a number where there is one, nothing where there is none."""
    if isinstance(value, bool) or value is None or value != value:
        return ""
    return f"{value:.10g}" if isinstance(value, (int, float)) else str(value)
