"""Jobs and nodes of a real Slurm, disturbed: the bytes of an undisturbed run, and no step twice."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from place import PACED, PATIENCE, RUN, Place, trained_locally


@pytest.fixture(scope="module")
def paced_locally(slurm: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The encoder of the paced run, from one undisturbed process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "go").touch()
    return trained_locally(folder, Place(folder, slurm, **PACED), "paced")


def test_whatever_happens_to_jobs(slurm: Any, shared: Path, paced_locally: bytes) -> None:
    """A limit that is too short, a preemption, `scancel`, a killed Snakemake: one run, no step twice."""
    place = Place(shared, slurm, **PACED)
    snakemake = place.start("--until", "pretrain")
    job = place.wait_for_attempt(1, "paced", snakemake)
    # Of a job that has between one and two minutes left, Slurm thinks at its next look (one in 30 seconds) that the
    # profile's two minutes before the limit have come: it warns with USR1, and the run saves and is submitted again.
    minutes = int(float(slurm.ask("squeue", "-h", "-j", job, "-O", "TimeUsed").strip().split(":")[0])) + 2
    slurm.ask("scontrol", "update", f"JobId={job}", f"TimeLimit={minutes}")
    place.wait_for_attempt(2, "paced", snakemake)
    assert "moco-bench: stopped after step" in (shared / "log.txt").read_text()
    warned = slurm.ask("scontrol", "show", "job", job)
    assert "JobState=FAILED" in warned  # it ended by itself, within its limit: not JobState=TIMEOUT
    urgent = ("sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=true")
    assert slurm.ask(*urgent)  # a job of more importance: ours goes back to the queue, and goes on
    job = place.wait_for_attempt(3, "paced", snakemake)
    slurm.ask("scancel", job)
    place.wait_for_attempt(4, "paced", snakemake)
    os.killpg(snakemake.pid, 9)
    snakemake.wait()
    assert len(place.running()) == 1  # the job lives on

    again = place.start("--until", "pretrain")
    most = 0
    deadline = time.monotonic() + PATIENCE
    while again.poll() is None:
        assert time.monotonic() < deadline, place.log()
        most = max(most, len(place.running()))
        if "waiting until they have ended" in place.log():
            (shared / "go").touch()
        time.sleep(0.2)
    assert again.returncode == 0, place.log()
    assert most == 1  # no job beside the live one
    assert (shared / "go").exists()

    starts = place.starts("paced")
    assert len(starts) == 4
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert place.encoder("paced") == paced_locally
    slurm.wait_until_idle()


def test_a_node_that_is_lost(slurm: Any, shared: Path, paced_locally: bytes) -> None:
    """First its daemon: Slurm starts the job elsewhere, where it waits for the one that lives on. Then its power."""
    place = Place(shared, slurm, **PACED)
    snakemake = place.start("--until", "pretrain")
    job = place.wait_for_attempt(1, "paced", snakemake)
    node = slurm.ask("squeue", "-h", "-j", job, "-o", "%N").strip()
    other = {"n1": "n2", "n2": "n1"}[node]
    log = shared / "logs" / "tiny" / "pretrain" / f"{RUN.format(arm='paced')}.log"
    try:
        slurm.kill_daemon(node)
        place.wait_until(lambda: place.running_on(other) == [job], snakemake)
        place.wait_until(lambda: log.exists() and "waiting until it ends" in log.read_text(), snakemake)
        assert place.attempts("paced") == 1  # it doesn't train beside the other
        slurm.kill_jobs(node)
        place.wait_for_attempt(2, "paced", snakemake)
        (shared / "go").touch()
        assert snakemake.wait(PATIENCE) == 0, place.log()
    finally:
        slurm.start_node(node)

    starts = place.starts("paced")
    assert len(starts) == 2
    assert 0 == starts[0] < starts[1]
    assert place.encoder("paced") == paced_locally
    assert len(place.jobs()) == 1  # Slurm's own requeue: Snakemake has submitted nothing beside it
    slurm.wait_until_idle()
