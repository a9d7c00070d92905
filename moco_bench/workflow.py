"""Additions of the Snakefile to Snakemake: a clean end on signals, and no retry of bad input."""

import logging
import os
import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from moco_bench.errors import INTERRUPTED
from moco_bench.train.signals import STOPS, end_at_once, handled_by


def end_on_signals(suite: str) -> AbstractContextManager[None]:
    """Within it TERM, INT, HUP and USR1 end this Snakemake with one line once its jobs have ended.

    Snakemake's own way prints an error per job, tries interrupted jobs again, and can wait for ever in its own threads.
    No other job is started. INT and HUP are handed on to the jobs, which save their checkpoints; the other two reach
    them when they are sent to the process group, and let them come to their end when they are not.
    """

    def end(number: int, frame: FrameType | None) -> None:
        for each in STOPS:
            signal.signal(each, _impatient)
        logging.disable()
        jobs = psutil.Process().children(recursive=True)
        if number in (signal.SIGINT, signal.SIGHUP):
            _ask_to_stop(jobs)
        told = f"suite {suite} interrupted by {signal.Signals(number).name}; the same command continues"
        print(f"moco-bench: {told}", file=sys.stderr, flush=True)
        psutil.wait_procs(jobs)
        os._exit(INTERRUPTED)

    return handled_by(end)


def leave_signals_to_snakemake() -> None:
    """Take back what `moco_bench.begin` has set: on a Ctrl-C, Snakemake cancels the jobs that a cluster has of it."""
    for number in STOPS:
        if signal.getsignal(number) is end_at_once:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def retry_no_bad_input(scheduler: Any) -> None:
    """Let a job that refused its input fail without a retry: it would refuse it again.

    A job says so by a file beside its first output. Where a later Snakemake has no such place to intervene, bad input
    is tried again, which takes seconds.
    """
    handle = getattr(scheduler, "_handle_error", None)
    if handle is None:
        return

    def handle_error(job: Any, **more: Any) -> None:
        if any(Path(f"{output}.refused").exists() for output in list(job.output)[:1]):
            job.attempt = job.restart_times + 1
        handle(job, **more)

    scheduler._handle_error = handle_error


def _impatient(number: int, frame: FrameType | None) -> None:
    """Handle a second signal: ask the jobs that were left to finish to stop."""
    _ask_to_stop(psutil.Process().children(recursive=True))


def _ask_to_stop(jobs: list[psutil.Process]) -> None:
    for job in jobs:
        try:
            if Path(job.name()).name not in ("sh", "bash"):  # a shell that is ended leaves its command an orphan
                job.terminate()
        except psutil.Error:  # it has ended meanwhile
            continue
