"""A table as CSV, Markdown and LaTeX. Everything that comes from a suite or a data set is escaped."""

import re

from moco_bench.report.tables.model import Cell, Table

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "[": "{[}", "]": "{]}",
    "\u2212": r"\ensuremath{-}", "\u2013": "--", "\u2014": "---", "\u00b1": r"\ensuremath{\pm}",
    "\u00d7": r"\ensuremath{\times}", "\u2264": r"\ensuremath{\leq}", "\u2265": r"\ensuremath{\geq}",
    "\u00b7": r"\ensuremath{\cdot}", "\u2026": r"\ldots{}", "\u2019": "'",
}  # fmt: skip


def as_csv(table: Table) -> str:
    """Plain values under the columns' names. Text that a spreadsheet would run as a formula gets a quote in front."""
    return table.frame().map(_harmless).to_csv(index=False, float_format="%.10g", lineterminator="\n")


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_markdown(table: Table) -> str:
    """A pipe table; a cell with a source becomes a link to it."""
    head = "| " + " | ".join(escape_markdown(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.numeric else ":---" for column in table.columns) + "|"
    body = ["| " + " | ".join(_markdown_cell(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join([head, rule, *body]) + "\n"


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    return f"[{text}]({escape_link(cell.href)})" if cell.href else text


def escape_markdown(text: str) -> str:
    """Text that shows as itself in Markdown, inside and outside of tables."""
    flat = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#!$@])", r"\\\1", flat)


def escape_link(href: str) -> str:
    """A link's target that can't end its brackets early."""
    return href.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("|", "%7C")


def as_latex(table: Table) -> str:
    """A `table` float with booktabs rules; needs only `booktabs` and `graphicx` and compiles as it is."""
    columns = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(escape_latex(column.title) for column in table.columns)
    body = [" & ".join(escape_latex(cell.text) for cell in row) + r" \\" for row in table.rows]
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs,graphicx}.",
            r"\begin{table}[htbp]",
            r"  \centering",
            rf"  \caption{{{escape_latex(f'{table.title}. {table.caption}')}}}",
            rf"  \label{{tab:{re.sub('[^a-z0-9-]', '-', table.name.lower())}}}",
            r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            rf"    {head} \\",
            r"    \midrule",
            *(f"    {line}" for line in body),
            r"    \bottomrule",
            r"  \end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def escape_latex(text: str) -> str:
    """Text that shows as itself in LaTeX; what the T1 fonts lack becomes a question mark rather than an error."""
    flat = " ".join(str(text).split())
    return "".join(_LATEX.get(char, char if char.isascii() and char.isprintable() else "?") for char in flat)
