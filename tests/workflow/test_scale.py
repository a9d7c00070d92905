"""A thousand runs are planned in seconds."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand

SECONDS = 5.0
TIMES_A_START = 4.7
"""The same bound where the machine is slow or has busy neighbours, in units of what loading Snakemake and pandas takes
there and then: 1.06 s where these five seconds were met."""


@pytest.mark.alone
def test_a_thousand_runs_dry_run_in_five_seconds(workflow: Any) -> None:
    suite: Path = workflow.write_suite(seeds=250)
    assert len(expand(load_suite(suite))) == 1000
    dry_run = [*workflow.command, "--dry-run", "--quiet", "--configfile", str(suite)]
    start = [sys.executable, "-c", "import pandas, snakemake.cli, snakemake.workflow"]
    rounds = [(processor_seconds(start), processor_seconds(dry_run)) for _ in range(3)]
    starting, planning = (min(times) for times in zip(*rounds, strict=True))
    assert planning < max(SECONDS, TIMES_A_START * starting), rounds


def processor_seconds(command: list[str]) -> float:
    """Processor time of a command: other work on the machine lengthens it less than the time on the clock."""
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
