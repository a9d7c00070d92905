"""The measurement of how a grid's costs grow: its suites, its meter, its figure."""

import subprocess
import sys

import pandas as pd
import pytest

from benchmarks.studies.grid_growth import growth_figure, measured, suite_of
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand


@pytest.mark.parametrize(("asked", "runs"), [(10, 10), (100, 100), (1000, 1000)])
def test_a_suite_has_as_many_runs_as_asked(asked, runs, synthetic):
    values = suite_of(asked, synthetic)
    suite = parse_suite(values, "grid")
    assert len(expand(suite)) == runs
    assert len(suite.seeds) <= 20
    assert len({run.fingerprint for run in expand(suite)}) == runs, "no two arms are the same run"


def test_memory_is_the_commands_own_not_that_of_the_process_that_starts_it(tmp_path):
    held = b"x" * (300 * 2**20)
    seconds, mib = measured([sys.executable, "-c", "sum(range(10**6))"], tmp_path)
    assert len(held) == 300 * 2**20
    assert seconds > 0
    assert 5 < mib < 100


def test_a_command_that_fails_is_no_measurement(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        measured([sys.executable, "-c", "raise SystemExit(1)"], tmp_path)


def test_the_figure_has_a_line_per_command():
    rows = [
        {"command": name, "runs": runs, "seconds": runs / 10, "mib": 100}
        for name in ("plan", "report")
        for runs in (10, 100)
    ]
    svg = growth_figure(pd.DataFrame(rows))
    assert "processor seconds" in svg
    assert svg.count("plan") >= 1
    assert svg == growth_figure(pd.DataFrame(rows))
