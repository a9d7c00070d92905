"""A signal to the process group ends Snakemake with its jobs, in one line; the same command continues."""

import os
import signal
import subprocess
from typing import Any

import pytest
from test_kills import LONG, PATIENCE, RUN, start, wait_for_a_checkpoint

from moco_bench.locks import Lock

pytestmark = pytest.mark.usefixtures("quick_commands")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_to_the_group_ends_snakemake_in_one_line(workflow: Any, number: signal.Signals) -> None:
    suite = workflow.write_suite(**LONG | {"arms": {"both": {}}, "baseline": "both"})
    with start(workflow, suite) as snakemake:
        wait_for_a_checkpoint(workflow, snakemake, 0)
        os.killpg(snakemake.pid, number)
        try:
            text, _ = snakemake.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(snakemake.pid, signal.SIGKILL)
            pytest.fail("it hangs")

    assert snakemake.returncode == 75, text
    assert text.splitlines()[-1] == f"moco-bench: suite tiny interrupted by {number.name}; the same command continues"
    assert "Error" not in text
    assert "Trying to restart" not in text
    assert not (workflow.directory / RUN / "run.json").exists()
    assert (workflow.directory / RUN.replace("/runs/", "/checkpoints/") / "latest.ckpt").exists()
    assert Lock(workflow.directory / "results/tiny/.lock").acquire()
