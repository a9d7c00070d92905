"""Links from the page to the files that its numbers come from."""

import os
import subprocess
import sys
from urllib.parse import unquote_to_bytes

import pytest

from moco_bench.report.model.links import Links


@pytest.mark.parametrize("name", [b"plain", "gr\u00f6\u00dfe {x} #1?".encode(), b"latin \xe9", b"100%"])
def test_a_link_has_the_bytes_of_the_folder(tmp_path, name):
    results = tmp_path / os.fsdecode(name)
    results.mkdir()
    (results / "runs.csv").touch()
    link = Links(results, tmp_path / "out").to("runs.csv")
    assert link.isascii()
    assert unquote_to_bytes(link) == b"../" + name + b"/runs.csv"


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "C.UTF-8"}, {"PYTHONUTF8": "1"}])
def test_it_is_the_same_in_every_locale(tmp_path, locale):
    results = tmp_path / "gr\u00f6\u00dfe"
    results.mkdir()
    (results / "runs.csv").touch()
    program = (
        "import sys; from pathlib import Path; from moco_bench.report.model.links import Links; "
        "print(Links(Path(sys.argv[1]), Path(sys.argv[2])).to('runs.csv'))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(results), str(tmp_path)],
        env={**os.environ, **locale}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "gr%C3%B6%C3%9Fe/runs.csv\n"
