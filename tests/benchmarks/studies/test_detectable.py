from pathlib import Path

from benchmarks.studies.detectable import as_markdown, main


def test_the_command_prints_the_documentations_table(capsys):
    main(["--seeds", "6", "7"])
    printed = capsys.readouterr().out.strip()
    assert printed == as_markdown([6, 7])
    documented = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert as_markdown(range(3, 13)) in documented
