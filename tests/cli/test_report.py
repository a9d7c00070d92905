"""`moco-bench report`: where the page goes."""

from moco_bench.cli.main import main
from moco_bench.cli.report import default_out
from moco_bench.files import write_text
from moco_bench.suite.on_disk import made


def test_report_says_where_it_is(results, capsys):
    assert main(["report", str(results)]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(results.parent.parent / "reports" / "s" / "report.html")
    assert main(["report", str(results), "--out", str(results / "here")]) == 0
    assert (results / "here" / "report.md").exists()


def test_a_report_of_tables_that_changed_meanwhile_is_made_again(results, monkeypatch):
    def write_slowly(folder, out):
        for name in made_files:
            write_text(out / name, "page")
        (folder / "effects.csv").write_text("changed meanwhile")
        return out / "report.html"

    made_files = (*made.REPORT, *(f"{folder}/a.csv" for folder in made.REPORT_FOLDERS))
    monkeypatch.setattr("moco_bench.report.write.write_report", write_slowly)
    assert main(["report", str(results), "--out", str(results / "here")]) == 0

    outputs = [results / "here" / name for name in made.REPORT]
    why = made.why_make(made.reported(results / "here"), made.report_basis(results), outputs)
    assert why == "what it is made from has changed"


def test_reports_lie_beside_results(tmp_path):
    assert default_out(tmp_path / "results" / "x") == tmp_path / "reports" / "x"
    assert default_out(tmp_path / "elsewhere") == tmp_path / "reports" / "elsewhere"
