"""`moco-bench report`: where the page goes."""

from moco_bench.cli.main import main
from moco_bench.cli.report import default_out


def test_report_says_where_it_is(results, capsys):
    assert main(["report", str(results)]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(results.parent.parent / "reports" / "s" / "report.html")
    assert main(["report", str(results), "--out", str(results / "here")]) == 0
    assert (results / "here" / "report.md").exists()


def test_reports_lie_beside_results(tmp_path):
    assert default_out(tmp_path / "results" / "x") == tmp_path / "reports" / "x"
    assert default_out(tmp_path / "elsewhere") == tmp_path / "reports" / "elsewhere"
