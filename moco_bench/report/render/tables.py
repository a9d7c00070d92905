"""Renders a table as CSV, Markdown and LaTeX. All text of a suite or data set is escaped."""

import re
import unicodedata

import pandas as pd

from moco_bench.analyse.write import csv_text
from moco_bench.report.model.table import Cell, Table

_MARKDOWN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {char: f"\\{char}" for char in "\\`*_[]|~#!$@"})
_MARKS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "[": "{[}", "]": "{]}",
    "\u2212": r"\ensuremath{-}", "\u2013": "--", "\u2014": "---", "\u00b1": r"\ensuremath{\pm}",
    "\u00d7": r"\ensuremath{\times}", "\u2264": r"\ensuremath{\leq}", "\u2265": r"\ensuremath{\geq}",
    "\u00b7": r"\ensuremath{\cdot}", "\u2026": r"\ldots{}", "\u2019": "'", "\u2018": "`", "\u201c": "``",
    "\u201d": "''", "\u00b0": r"\ensuremath{^\circ}", "\u00b5": r"\ensuremath{\mu}",
}  # fmt: skip
_RAISED = dict(zip("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789", strict=True))
_NO_GLYPH = (0xD7, 0xF7, 0x126, 0x127, 0x138, 0x13F, 0x140, 0x149, 0x166, 0x167, 0x17F)
_LETTERS = frozenset(chr(code) for code in range(0xC0, 0x180) if code not in _NO_GLYPH)
"""Latin letters that LaTeX shows unchanged, with utf8 (its default since 2018) and T1 fonts."""


class _Latex(dict[int, str]):
    """What stands for each character in LaTeX, found when it is first met; letters stay and others are named."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = char if char in _LETTERS or (char.isascii() and char.isprintable()) else f"U+{code:04X}"
        return self[code]


_LATEX = _Latex(str.maketrans(_MARKS | {char: rf"\textsuperscript{{{digit}}}" for char, digit in _RAISED.items()}))


def data_as_csv(frame: pd.DataFrame) -> str:
    """The data behind a figure; numbers with up to ten significant digits.

    Text that a spreadsheet would run as a formula gets a quote in front.
    """
    texts = frame.select_dtypes(include=["object", "string", "category"])
    formulas = [name for name in texts if any(_harmless(value) is not value for value in texts[name].unique())]
    return csv_text(frame.assign(**{str(name): texts[name].astype(object).map(_harmless) for name in formulas}))


def as_csv(table: Table) -> str:
    """Plain values under the columns' names."""
    return data_as_csv(table.frame())


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_markdown(table: Table, up: str = "") -> str:
    """A pipe table; cells with their own source become links, the table's source follows below.

    Links are relative to the report; a file in a folder of it says how to get there with `up`, such as `../`.
    """
    table = table.shown()
    head = "| " + " | ".join(escape_markdown(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.numeric else ":---" for column in table.columns) + "|"
    body = ["| " + " | ".join(_markdown_cell(cell, up) for cell in row) + " |" for row in table.rows]
    source = ["", f"Source: {_markdown_link(table.source.title, table.source.href, up)}"] if table.source else []
    return "\n".join([head, rule, *body, *source]) + "\n"


def _markdown_cell(cell: Cell, up: str) -> str:
    return _markdown_link(cell.text, cell.href, up) if cell.href else escape_markdown(cell.text)


def _markdown_link(text: str, href: str, up: str) -> str:
    return f"[{escape_markdown(text)}]({'' if href.startswith('https:') else up}{escape_link(href)})"


def escape_markdown(text: str) -> str:
    """Escape text so that Markdown shows it unchanged, inside and outside of tables."""
    return " ".join(str(text).split()).translate(_MARKDOWN)


def escape_link(href: str) -> str:
    """A link's target, escaped so that it can't end its brackets early."""
    return href.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("|", "%7C")


def as_latex(table: Table) -> str:
    """A LaTeX `table` with booktabs rules that compiles unchanged; its first line names the required packages."""
    table = table.shown()
    columns = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(escape_latex(column.title) for column in table.columns)
    body = [" & ".join(escape_latex(cell.text) for cell in row) + r" \\" for row in table.rows]
    caption = escape_latex(f"{table.title}. {table.caption}")
    letters = not (head + caption + "".join(body)).isascii()
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs,graphicx}" + (r" and \usepackage[T1]{fontenc}." if letters else "."),
            r"\begin{table}[htbp]",
            r"  \centering",
            rf"  \caption{{{caption}}}",
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
    """Escape text for LaTeX. Letters keep their accents; what T1 fonts lack is named, as in U+6F22."""
    flat = " ".join(unicodedata.normalize("NFC", str(text)).split())
    return flat.translate(_LATEX)
