"""A page as Markdown, for a code host."""

import re

from moco_bench.report.model.page import Page
from moco_bench.report.render.fit import Fit
from moco_bench.report.render.html import context, environment


def render_markdown(page: Page) -> str:
    """Tables as pipes, figures as links to SVG files."""
    text = environment(html=False).get_template("report.md.j2").render(context(page, Fit()))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
