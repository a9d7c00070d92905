"""Additions to Snakemake's Slurm plugin: a status command that answers, and no new jobs beside unfinished older ones.

All of it is asked through Slurm's own commands. Nothing here is reached unless jobs go to Slurm.
"""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS_FOR_AN_ANSWER = 20.0
POLL_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
"""How long Slurm may leave the question for older jobs unanswered, as while its controller is started again."""
SEPARATOR = "_of_"
"""Separates the suite from Snakemake's own name in a job's name."""

WAITING = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"}


@dataclass(frozen=True)
class LiveJob:
    """A job in Slurm's queue."""

    number: str
    state: str
    name: str
    directory: str


def take_over(workflow: Any, suite: str, directory: Path) -> None:
    """Prepare a Snakemake whose executor is Slurm: make its jobs recognisable, and wait for older ones.

    A Snakemake that was killed leaves its jobs in the queue. Those that haven't started are cancelled, and those that
    run come to their end before any job is submitted: the new ones then find what they left.
    """
    executor: Any = getattr(workflow.scheduler, "_executor", None)
    if getattr(executor, "run_uuid", None) is None:
        return
    settings = workflow.executor_settings
    if getattr(settings, "status_command", None) == "sacct" and not sacct_answers():
        settings.status_command = "squeue"
        plugin = sys.modules[type(executor).__module__]  # of a failed node it would ask `sacct`, and wait for ever
        plugin.is_query_tool_available = lambda tool: tool != "sacct"  # type: ignore[attr-defined]
        _say("this Slurm keeps no accounts that `sacct` could be asked about; the queue is asked instead (`squeue`)")
    wait_for_older_jobs(suite, directory)
    executor.run_uuid = f"{suite}{SEPARATOR}{executor.run_uuid}"


def outlive_a_warning() -> None:
    """Ignore USR1 before Slurm's time limit, in the Snakemake that runs a job on a node: it is meant for the job."""
    signal.signal(signal.SIGUSR1, lambda number, frame: None)


def sacct_answers(seconds: float = SECONDS_FOR_AN_ANSWER) -> bool:
    """Whether `sacct` works: without Slurm's accounting it fails or hangs."""
    asked = _asked("sacct", "--allocations", "--noheader", "--format=JobID", "--jobs=1", seconds=seconds)
    return asked is not None and asked.returncode == 0 and "disabled" not in asked.stderr


def wait_for_older_jobs(
    suite: str, directory: Path, poll_seconds: float = POLL_SECONDS, patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Cancel an earlier Snakemake's jobs of this suite that haven't started, and wait until the others have ended.

    Raises:
        SystemExit: Slurm hasn't said for some minutes which jobs there are.
    """
    told, answered = False, time.monotonic()
    while (live := live_jobs(suite, directory)) != []:
        if live is None:
            if time.monotonic() > answered + patience_seconds:
                _say("Slurm does not say which jobs are in its queue (`squeue --me`); give the command again later")
                raise SystemExit(1)
            time.sleep(poll_seconds)
            continue
        answered = time.monotonic()
        waiting = [job.number for job in live if job.state in WAITING]
        if waiting:
            _asked("scancel", *waiting)
        if not told:
            numbers = ", ".join(job.number for job in live)
            _say(f"jobs of an earlier Snakemake are still in Slurm's queue ({numbers}): waiting until they have ended")
            told = True
        time.sleep(poll_seconds)


def live_jobs(suite: str, directory: Path) -> list[LiveJob] | None:
    """This user's unfinished jobs of a suite, submitted from a directory; None where Slurm does not answer."""
    asked = _asked("squeue", "--me", "--noheader", "--format=%i|%T|%j|%Z")
    if asked is None or asked.returncode != 0:
        return None
    found = [LiveJob(*line.split("|", 3)) for line in asked.stdout.splitlines() if line.count("|") >= 3]
    return [
        job
        for job in found
        if job.name.rpartition(SEPARATOR)[0] == suite and Path(job.directory).resolve() == directory.resolve()
    ]


def _asked(*command: str, seconds: float = SECONDS_FOR_AN_ANSWER) -> "subprocess.CompletedProcess[str] | None":
    """The outcome of a command; None where there is no such command, or it doesn't answer."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _say(message: str) -> None:
    print(f"moco-bench: {message}", file=sys.stderr, flush=True)
