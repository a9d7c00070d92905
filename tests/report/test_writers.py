import csv
import io
import os
import shutil
import subprocess

import pytest

from moco_bench.report.tables.model import Cell, Column, Table, cell, drop_constant
from moco_bench.report.tables.writers import as_csv, as_latex, as_markdown, escape_latex, escape_markdown
from moco_bench.report.write import write_report

NASTY = r"""\input{/etc/passwd} $x^2$ 100% #1 & <b>|`"'~_{}[1] é 漢 😀 ± 2"""
TABLE = Table(
    "nasty",
    "A title with 50 % & more",
    "Caption_with \\ everything",
    (Column("name", "Name & co", numeric=False), Column("value", "Value, %")),
    (
        (cell(NASTY), Cell("1.50 ± 0.20", 1.5, "a b/(c).json", 0.2)),
        (cell("=HYPERLINK(1)"), Cell("\u2013")),
    ),
)


def test_csv_has_plain_values_and_a_column_for_the_spread():
    rows = list(csv.DictReader(io.StringIO(as_csv(TABLE))))
    assert rows[0] == {"name": NASTY, "value": "1.5", "value_sd": "0.2"}
    assert rows[1]["name"] == "'=HYPERLINK(1)", "a spreadsheet must not run it"


def test_markdown_keeps_its_columns_and_runs_no_html():
    lines = as_markdown(TABLE).splitlines()
    unescaped = [line.replace("\\|", "").count("|") for line in lines]
    assert set(unescaped) == {3}
    assert "<b>" not in as_markdown(TABLE)
    assert "[1.50 ± 0.20](a%20b/%28c%29.json)" in lines[2]
    assert lines[1] == "|:---|---:|"


def test_markdown_escapes_every_mark():
    assert escape_markdown("a_b*c[d](e)") == r"a\_b\*c\[d\](e)"
    assert "\n" not in escape_markdown("two\nlines")


def test_latex_escapes_every_special_character():
    assert escape_latex("50% of $x_1 & {y}\\#~^") == (
        r"50\% of \$x\_1 \& \{y\}\textbackslash{}\#\textasciitilde{}\textasciicircum{}"
    )
    assert escape_latex("\u22121 \u00b1 2") == r"\ensuremath{-}1 \ensuremath{\pm} 2"
    assert escape_latex("é😀") == "??"


def test_columns_that_say_nothing_are_dropped():
    columns = (Column("a", "A"), Column("b", "B"), Column("c", "C"))
    rows = ((cell(1), cell("x"), cell("y")), (cell(2), cell("x"), cell("z")), (cell(3), cell("\u2013"), cell("z")))
    table = drop_constant(Table("t", "T", "", columns, rows), ("b", "c"))
    assert [column.name for column in table.columns] == ["a", "c"]
    assert [c.text for c in table.rows[0]] == ["1", "y"]


def compile_latex(folder, tables):
    """Run pdflatex over a minimal document that inputs the tables; skips where there is no LaTeX."""
    if not shutil.which("pdflatex"):
        if os.environ.get("MOCO_BENCH_REQUIRE_LATEX") == "1":
            pytest.fail("pdflatex is required here and isn't installed")
        pytest.skip("no pdflatex (Debian: texlive-latex-base and texlive-latex-recommended)")
    document = "\\documentclass{article}\\usepackage{booktabs,graphicx}\\begin{document}%s\\end{document}"
    (folder / "main.tex").write_text(document % "".join(f"\\input{{{name}}}\\clearpage " for name in tables))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "main.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_hostile_text_compiles(tmp_path):
    (tmp_path / "nasty.tex").write_text(as_latex(TABLE))
    compile_latex(tmp_path, ["nasty.tex"])


@pytest.mark.slow
def test_every_table_of_a_report_compiles_as_it_is(tmp_path, synthetic, monkeypatch):
    monkeypatch.setattr("moco_bench.report.write.as_svg", lambda plot: "<svg viewBox='0 0 1 1'></svg>")
    monkeypatch.setattr("moco_bench.report.write.as_png", lambda plot: b"")
    values = {**synthetic.suite_values(3), "repeat_seeds": [0]}
    results = synthetic.write_results(tmp_path / "results", values, missing=("both/seed2",))
    write_report(results, tmp_path / "out")
    tables = sorted(path.name for path in (tmp_path / "out" / "tables").glob("*.tex"))
    assert {"accuracy.tex", "effects.tex", "claims.tex", "cost.tex", "holes.tex", "noise_floor.tex"} <= set(tables)
    compile_latex(tmp_path / "out" / "tables", tables)
