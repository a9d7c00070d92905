"""`workflow/report.sh` with commands that only say how they were called."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "workflow" / "report.sh"


@pytest.fixture
def commands(tmp_path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("moco-bench", "snakemake", "python"):
        command = folder / name
        command.write_text(
            f'#!/bin/sh\necho "{name} in $HOME" >> "$PWD/calls"\n[ {name} = python ] && echo tiny\nexit 0\n'
        )
        command.chmod(0o755)
    return folder


def test_it_ends_with_where_results_are_and_the_path_of_the_report(commands, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    given = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    given.pop("BIN", None)  # what `make BIN=...` leaves
    command = ["sh", SCRIPT, elsewhere / "tiny.yaml"]
    said = subprocess.run(command, cwd=tmp_path, env=given, check=True, capture_output=True, text=True).stdout
    *_, where, report = said.splitlines()
    assert where == f"In {tmp_path}, results/tiny holds the runs and tables; the report is"
    assert report == "reports/tiny/report.html"


def calls(commands: Path, tmp_path: Path, **environment: str) -> list[str]:
    given = {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", **environment}
    subprocess.run(["sh", SCRIPT, "tiny.yaml"], cwd=tmp_path, env=given, check=True, capture_output=True)
    return (tmp_path / "calls").read_text().splitlines()


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "/proc/nowhere"}, {"HOME": "/proc/version"}])
def test_a_user_without_a_home_gets_one_for_the_run(commands, tmp_path, home):
    if home.get("HOME") == "/proc/version" and os.access("/proc/version", os.W_OK):
        pytest.skip("this user may write anywhere")
    where = {line.split(" in ")[1] for line in calls(commands, tmp_path, **home)}
    assert where == {str(tmp_path / ".snakemake" / "home")}
    assert (tmp_path / ".snakemake" / "home").is_dir()


def test_a_home_is_left_as_it_is(commands, tmp_path):
    where = {line.split(" in ")[1] for line in calls(commands, tmp_path, HOME=str(commands))}
    assert where == {str(commands)}
