"""Two Snakemakes never run one suite at a time, and a lock whose holder is gone holds nobody up."""

import signal
import subprocess
import sys
from typing import Any

HOLD = """
import sys, time
from pathlib import Path
from moco_bench.locks import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_snakemake_is_refused_until_the_first_is_gone(workflow: Any) -> None:
    suite = workflow.write_suite(seeds=1, arms={"vanilla": {}})
    workflow.pretend(suite)
    (workflow.directory / "results/tiny/effects.csv").unlink()
    again = ("--cores", "1", "--configfile", suite)
    lock = workflow.directory / "results/tiny/.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused = workflow.run(*again)
        holder.send_signal(signal.SIGKILL)
    assert refused.code == 1
    assert f"another Snakemake is running the suite tiny here: process {holder.pid} on " in refused.text
    assert "Job 2: Compute effects" not in refused.text
    assert lock.exists()
    assert "Compute effects" in workflow.run(*again).text


def test_plans_are_made_while_the_suite_runs(workflow: Any) -> None:
    suite = workflow.write_suite(seeds=1, arms={"vanilla": {}})
    lock = workflow.directory / "results/tiny/.lock"
    lock.parent.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert workflow.plan(suite).counts["pretrain"] == 1
        holder.kill()
