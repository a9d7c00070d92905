"""A trainer is killed under Snakemake, and Snakemake above a trainer. Whole groups: tests/workflow/test_kills.py."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from chains import SUITE, Chain, assert_same_results, write_suite

ROOT = Path(__file__).parents[2]
SECONDS = 120
pytestmark = pytest.mark.usefixtures("quick_commands")


class Workflow:
    """Snakemake at work on a suite of one run, as far as its metrics."""

    def __init__(self, suite: Path, folder: Path) -> None:
        self.chain = Chain(suite, "both", folder)
        self.log = folder / "snakemake.log"
        self._command = [
            *(
                sys.executable,
                "-m",
                "snakemake",
                f"results/tiny/runs/{self.chain.run_id}/metrics.json",
                "--snakefile",
                str(ROOT / "Snakefile"),
                "--directory",
                str(folder),
            ),
            *("--cores", "1", "--configfile", str(suite)),
        ]

    def launch(self) -> None:
        with open(self.log, "a") as log:
            self.snakemake = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.snakemake.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def until_trained_further(self) -> psutil.Process:
        """Wait until a new attempt has left a checkpoint; returns the trainer."""
        attempts = len(self.chain.noted_attempts())
        self.until(lambda: len(self.chain.noted_attempts()) > attempts)
        attempt = (self.chain.checkpoints / "attempts.json").stat().st_mtime_ns
        latest = self.chain.checkpoints / "latest.ckpt"
        self.until(lambda: latest.exists() and latest.stat().st_mtime_ns > attempt)
        return next(
            process
            for process in psutil.Process(self.snakemake.pid).children(recursive=True)
            if "pretrain" in process.cmdline()  # the shell above it has it in the middle of a word
        )

    def end(self) -> int:
        return self.snakemake.wait(SECONDS)


@pytest.fixture
def workflow(tmp_path: Path) -> Iterator[Workflow]:
    suite = write_suite(
        tmp_path / "tiny.yaml",
        train=SUITE["train"] | {"epochs": 50, "checkpoint_seconds": 0.1},
        arms={"both": SUITE["arms"]["both"]},
        evaluate=SUITE["evaluate"] | {"floors": False, "corruptions": False},
    )
    workflow = Workflow(suite, tmp_path)
    yield workflow
    with suppress(ProcessLookupError):
        os.killpg(workflow.snakemake.pid, signal.SIGKILL)


def test_retries_resume_and_an_orphan_is_waited_for(workflow: Workflow, tmp_path: Path) -> None:
    workflow.launch()
    workflow.until_trained_further().kill()  # Snakemake itself tries again
    workflow.until_trained_further().terminate()
    orphan = workflow.until_trained_further()
    workflow.snakemake.kill()
    assert workflow.end() == -signal.SIGKILL
    assert orphan.is_running()

    workflow.launch()
    assert workflow.end() == 0, workflow.log.read_text()

    starts = workflow.chain.start_steps()
    assert len(starts) == 3, "the last launch found the orphan's run finished"
    assert 0 == starts[0] < starts[1] <= starts[2]
    (tmp_path / "undisturbed").mkdir()
    undisturbed = Chain(workflow.chain.suite, "both", tmp_path / "undisturbed")
    undisturbed.finish()
    assert_same_results(workflow.chain, undisturbed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_trainer_that_is_asked_to_stop_ends_with_75(workflow: Workflow, number: signal.Signals) -> None:
    """Also under Snakemake, whose shell hands the code on; then Snakemake itself starts it again, and it resumes."""
    workflow.launch()
    workflow.until_trained_further().send_signal(number)
    workflow.until_trained_further()
    assert workflow.end() == 0, workflow.log.read_text()

    assert "exit code 75" in workflow.log.read_text() or "exit status 75" in workflow.log.read_text()
    starts = workflow.chain.start_steps()
    assert len(starts) == 2
    assert 0 == starts[0] < starts[1]


def test_a_snakemake_that_is_asked_to_stop_lets_the_job_at_work_finish(workflow: Workflow, tmp_path: Path) -> None:
    """TERM to Snakemake alone: it starts no other job, and the same command does the rest."""
    workflow.launch()
    workflow.until_trained_further()
    workflow.snakemake.terminate()
    workflow.end()
    assert (workflow.chain.run / "run.json").exists()
    assert (workflow.chain.run / "metrics.json").exists()  # the one job of a run trains and evaluates it

    workflow.launch()
    assert workflow.end() == 0, workflow.log.read_text()

    assert workflow.chain.start_steps() == [0]
    (tmp_path / "undisturbed").mkdir()
    undisturbed = Chain(workflow.chain.suite, "both", tmp_path / "undisturbed")
    undisturbed.finish()
    assert_same_results(workflow.chain, undisturbed)
