"""A page as one self-contained HTML file and as Markdown. Jinja2 escapes everything that comes from a suite."""

import base64
import re
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from moco_bench.report.figures.style import inline_svg
from moco_bench.report.page import Page
from moco_bench.report.strip import WIDTH
from moco_bench.report.tables.model import Table
from moco_bench.report.tables.writers import as_csv, as_latex, as_markdown, escape_markdown

MAX_BYTES = 3_000_000


def render_html(page: Page, svgs: dict[str, str], pngs: dict[str, bytes]) -> str:
    """The whole report in one file under 3 MB; `svgs` and `pngs` hold each figure by name.

    Figures are inline SVG. Where that would be too much (very long histories), the largest become PNG images.
    """
    inline = {name: Markup(inline_svg(svg, name)) for name, svg in svgs.items()}
    html = _environment(html=True).get_template("report.html.j2").render(_context(page, inline))
    for name in sorted(svgs, key=lambda name: -len(svgs[name])):
        if len(html.encode()) <= MAX_BYTES:
            break
        image = base64.b64encode(pngs[name]).decode()
        inline[name] = Markup('<img alt="" src="data:image/png;base64,{}">').format(image)
        html = _environment(html=True).get_template("report.html.j2").render(_context(page, inline))
    return html


def render_markdown(page: Page) -> str:
    """The same for a code host: tables as pipes, figures as links to SVG files."""
    text = _environment(html=False).get_template("report.md.j2").render(_context(page, {}))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _context(page: Page, figures: dict[str, Markup]) -> dict[str, Any]:
    return {"page": page, "figures": figures, "strip_width": WIDTH}


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("moco_bench.report"),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters: dict[str, Any] = {
        "csv_uri": lambda table: _data_uri(as_csv(table), "text/csv"),
        "latex_uri": lambda table: _data_uri(as_latex(table), "text/x-tex"),
        "frame_uri": lambda frame: _data_uri(frame.to_csv(index=False, float_format="%.10g"), "text/csv"),
        "markdown_table": as_markdown,
        "md": escape_markdown,
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
