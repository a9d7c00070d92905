import csv
import io
import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from moco_bench.report.model.table import Cell, Column, Source, Table, cell
from moco_bench.report.render.tables import as_csv, as_latex, as_markdown, escape_latex, escape_markdown
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
    assert escape_latex("10\u2079 \u201cx\u201d 5 \u00b0") == r"10\textsuperscript{9} ``x'' 5 \ensuremath{^\circ}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller, Łódź, naïve, ßþŋ", "Müller, Łódź, naïve, ßþŋ"),
        ("e\u0301", "é"),
        ("漢", "U+6F22"),
        ("😀", "U+1F600"),
        ("ħ", "U+0127"),
    ],
)
def test_latex_keeps_letters_and_names_what_it_lacks(text, shown):
    assert escape_latex(text) == shown


def test_latex_says_which_packages_a_table_needs():
    plain = Table("t", "T", "C", (Column("a", "A"),), ((cell("x"),),))
    assert as_latex(plain).splitlines()[0] == r"% Needs \usepackage{booktabs,graphicx}."
    assert as_latex(TABLE).splitlines()[0] == r"% Needs \usepackage{booktabs,graphicx} and \usepackage[T1]{fontenc}."


def test_links_in_a_folder_of_the_report_lead_out_of_it():
    table = replace(TABLE, source=Source("runs.csv", "../../results/runs.csv"))
    text = as_markdown(table, up="../")
    assert "[1.50 ± 0.20](../a%20b/%28c%29.json)" in text
    assert text.endswith("Source: [runs.csv](../../../results/runs.csv)\n")
    web = Table("t", "T", "C", (Column("a", "A"),), ((cell("1", href="https://example.org/"),),))
    assert "[1](https://example.org/)" in as_markdown(web, up="../")


def compile_latex(folder, tables):
    """Run pdflatex over a minimal document that inputs the tables; skips where there is no LaTeX."""
    if not shutil.which("pdflatex"):
        if os.environ.get("MOCO_BENCH_REQUIRE_LATEX") == "1":
            pytest.fail("pdflatex is required here and isn't installed")
        pytest.skip("no pdflatex (Debian: texlive-latex-base and texlive-latex-recommended)")
    packages = "\\usepackage{booktabs,graphicx}\\usepackage[T1]{fontenc}"
    document = f"\\documentclass{{article}}{packages}\\begin{{document}}%s\\end{{document}}"
    (folder / "main.tex").write_text(document % "".join(f"\\input{{{name}}}\\clearpage " for name in tables))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "main.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_hostile_text_compiles(tmp_path):
    (tmp_path / "nasty.tex").write_text(as_latex(TABLE))
    compile_latex(tmp_path, ["nasty.tex"])


def test_every_letter_that_is_kept_compiles(tmp_path):
    letters = "".join(chr(code) for code in range(0xA0, 0x250) if chr(code).isalpha())
    rows = tuple((cell(letters[start : start + 40]), Cell("1")) for start in range(0, len(letters), 40))
    (tmp_path / "letters.tex").write_text(as_latex(replace(TABLE, rows=rows)), encoding="utf-8")
    compile_latex(tmp_path, ["letters.tex"])


@pytest.mark.slow
def test_every_table_of_a_report_compiles_as_it_is(tmp_path, synthetic, monkeypatch):
    monkeypatch.setattr("moco_bench.report.render.figures.as_svg", lambda plot: "<svg viewBox='0 0 1 1'></svg>")
    monkeypatch.setattr("moco_bench.report.render.figures.as_png", lambda plot: b"")
    values = {**synthetic.suite_values(3), "repeat_seeds": [0]}
    results = synthetic.write_results(tmp_path / "results", values, missing=("both/seed2",))
    write_report(results, tmp_path / "out")
    tables = sorted(path.name for path in (tmp_path / "out" / "tables").glob("*.tex"))
    assert {"accuracy.tex", "effects.tex", "claims.tex", "cost.tex", "holes.tex", "noise_floor.tex"} <= set(tables)
    compile_latex(tmp_path / "out" / "tables", tables)
