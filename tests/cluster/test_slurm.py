"""The workflow on a real Slurm: the bytes of a local run, and nothing twice, whatever is done to jobs and nodes."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import yaml

from moco_bench.cli.main import main

ROOT = Path(__file__).parents[2]
PATIENCE = 400.0
SUITE: dict[str, Any] = {
    "name": "tiny",
    "dataset": {"name": "digits", "train_limit": 256, "test_limit": 100},
    "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
    "contrast": {"queue_size": 128},
    "train": {"epochs": 2, "batch_size": 64, "precision": "float32", "device": "cpu", "checkpoint_seconds": 0.0},
    "evaluate": {"knn_k": 5, "corruptions": False, "floors": False},
    "seeds": 1,
    "arms": {"vanilla": None, "dual": {"contrast": {"dual_view": "key-in-batch"}}},
}
RUN = "digits/resnet-compact/{arm}/seed0"


def adapted_profile() -> dict[str, Any]:
    """The profile as this cluster's users would change it: their partition, and waits that are short."""
    profile: dict[str, Any] = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    profile["default-resources"] |= {"slurm_partition": "main", "slurm_account": "none"}
    profile |= {"latency-wait": 5, "slurm-init-seconds-before-status-checks": 2}
    return profile


class Place:
    """A folder on the file system that all nodes share, and a suite in it."""

    def __init__(self, folder: Path, slurm: Any, **changes: Any) -> None:
        self.folder, self.slurm = folder, slurm
        self.suite = folder / "tiny.yaml"
        raw = {**SUITE, **changes, "train": {**SUITE["train"], **changes.get("train", {})}}
        self.suite.write_text(yaml.safe_dump(raw, sort_keys=False))
        self.profile = folder / "profile"
        self.profile.mkdir(exist_ok=True)
        (self.profile / "config.yaml").write_text(yaml.safe_dump(adapted_profile()))

    def ask_for(self, **resources: Any) -> None:
        """Let the profile say what a training asks for: on the command line it would take the whole map's place."""
        profile = adapted_profile()
        profile["set-resources"]["pretrain"] = resources
        (self.profile / "config.yaml").write_text(yaml.safe_dump(profile))

    def start(self, *options: str) -> "subprocess.Popen[str]":
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.folder),
            "--workflow-profile", str(self.profile), "--configfile", str(self.suite), *options,
        ]  # fmt: skip
        return subprocess.Popen(
            command,
            stdout=open(self.folder / "log.txt", "a"),
            stderr=subprocess.STDOUT,
            text=True,
            env=self.slurm.environment,
            start_new_session=True,
        )

    def finish(self, *options: str) -> None:
        process = self.start(*options)
        try:
            assert process.wait(PATIENCE) == 0, self.log()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)

    def log(self) -> str:
        return (self.folder / "log.txt").read_text()[-6000:]

    def run(self, arm: str) -> Path:
        return self.folder / "results" / "tiny" / "runs" / RUN.format(arm=arm)

    def encoder(self, arm: str) -> bytes:
        return (self.run(arm) / "encoder.safetensors").read_bytes()

    def wait_for_attempt(self, number: int, arm: str, process: "subprocess.Popen[str]") -> str:
        """Until so many attempts at a run have begun and the last has saved something; the number of its job."""
        checkpoints = self.folder / "results" / "tiny" / "checkpoints" / RUN.format(arm=arm)
        attempts, saved = checkpoints / "attempts.json", checkpoints / "latest.ckpt"
        deadline = time.monotonic() + PATIENCE
        while not (
            attempts.exists()
            and len(json.loads(attempts.read_text())) >= number
            and saved.exists()
            and saved.stat().st_mtime > attempts.stat().st_mtime
            and self.running()
        ):
            assert process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)
        (job,) = self.running()
        return job

    def running(self) -> list[str]:
        """Numbers of this folder's jobs that hold an allocation."""
        lines = self.slurm.ask("squeue", "-h", "-t", "running", "-o", "%i|%Z").splitlines()
        return [line.split("|")[0] for line in lines if line.split("|")[1] == str(self.folder)]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def trained_locally(folder: Path, place: Place, arm: str) -> bytes:
    """The encoder of a run that no Slurm has seen."""
    with inside(folder):
        assert main(["prepare", str(place.suite), "--dataset", "digits"]) == 0
        assert main(["pretrain", str(place.suite), "--run", RUN.format(arm=arm)]) == 0
    return (folder / "results" / "tiny" / "runs" / RUN.format(arm=arm) / "encoder.safetensors").read_bytes()


def epochs_that_take(seconds: float, tmp_path: Path, slurm: Any) -> int:
    """So many that a run can be disturbed several times before it ends, on this machine, as busy as it is."""
    folder = tmp_path / "measured"
    folder.mkdir()
    trained_locally(folder, Place(folder, slurm, train={"epochs": 10}, arms={"vanilla": None}), "vanilla")
    history = folder / "results" / "tiny" / "runs" / RUN.format(arm="vanilla") / "history.csv"
    each = [float(row["seconds"]) for row in csv.DictReader(history.read_text().splitlines())]
    return max(200, round(seconds / median(each)))


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder of this test's own."""
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder.resolve()


def test_a_suite_from_images_to_report(slurm: Any, shared: Path, tmp_path: Path) -> None:
    """One node is drained; GPUs are asked for in the other style; a profile has its node to itself."""
    slurm.ask("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
    place = Place(shared, slurm, profile={"repeats": 2, "steps": 1, "warmup_steps": 1})
    before = len(slurm.jobs())
    place.ask_for(gpu=0, gres="gpu:1")
    try:
        place.finish()
    finally:
        slurm.ask("scontrol", "update", "NodeName=n1", "State=RESUME")

    jobs = slurm.jobs()[: len(slurm.jobs()) - before]
    assert {job.split()[1] for job in jobs} == {"COMPLETED"}
    assert {job.split()[2] for job in jobs} == {"n2"}  # nothing went to the drained node
    assert all(job.startswith("tiny_of_") for job in jobs)
    details = slurm.ask("scontrol", "show", "job", "--details").split("\n\n")
    own = [job for job in details if f"WorkDir={shared}" in job]
    assert sum("TresPerNode=gres/gpu:1" in job or "TresPerNode=gres:gpu:1" in job for job in own) == 2  # a run each
    assert sum("OverSubscribe=NO" in job for job in own) == 1  # the profile
    assert len(own) == 3  # one job per run
    assert (shared / "reports" / "tiny" / "report.html").exists()
    assert "squeue" in place.log()  # there are no accounts to ask
    for arm in ("vanilla", "dual"):
        attempts = json.loads((place.run(arm) / "run.json").read_text())["attempts"]
        assert [attempt["start_step"] for attempt in attempts] == [0]  # and once only
        assert place.encoder(arm) == trained_locally(tmp_path, place, arm)

    place.finish()
    assert len(slurm.jobs()) == before + len(jobs)  # nothing to do, nothing submitted


def test_a_run_that_was_meant_for_a_gpu_refuses_a_processor(slurm: Any, shared: Path) -> None:
    place = Place(shared, slurm, train={"device": "auto"}, arms={"vanilla": None})
    place.ask_for(gpu=1)
    before = len(slurm.jobs())

    assert place.start("--until", "pretrain", "--retries", "0").wait(PATIENCE) != 0

    said = (shared / "logs" / "tiny" / "pretrain" / f"{RUN.format(arm='vanilla')}.log").read_text()
    assert "shows no CUDA device; it doesn't train on a CPU" in said
    assert len(slurm.jobs()) == before + 1
    assert not place.run("vanilla").exists()


def test_whatever_happens_to_jobs(slurm: Any, shared: Path, tmp_path: Path) -> None:
    """A signal, a preemption, `scancel`, a killed Snakemake: one run, no step twice."""
    epochs = epochs_that_take(30.0, tmp_path, slurm)
    place = Place(shared, slurm, train={"epochs": epochs}, arms={"vanilla": None})
    snakemake = place.start("--until", "pretrain")
    job = place.wait_for_attempt(1, "vanilla", snakemake)
    slurm.ask("scancel", "--signal=USR1", job)  # as Slurm does before a limit: the run saves, and is submitted again
    place.wait_for_attempt(2, "vanilla", snakemake)
    urgent = ("sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=true")
    assert slurm.ask(*urgent)  # a job of more importance: ours goes back to the queue, and goes on
    job = place.wait_for_attempt(3, "vanilla", snakemake)
    slurm.ask("scancel", job)
    place.wait_for_attempt(4, "vanilla", snakemake)
    os.killpg(snakemake.pid, 9)
    snakemake.wait()
    assert len(place.running()) == 1  # the job lives on

    again = place.start()
    most = 0
    deadline = time.monotonic() + PATIENCE
    while again.poll() is None:
        assert time.monotonic() < deadline, place.log()
        most = max(most, len(place.running()))
        time.sleep(0.5)
    assert again.returncode == 0, place.log()
    assert most == 1  # no job beside the live one
    assert "waiting until they have ended" in place.log()

    starts = [entry["start_step"] for entry in json.loads((place.run("vanilla") / "run.json").read_text())["attempts"]]
    assert len(starts) == 4
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert place.encoder("vanilla") == trained_locally(tmp_path, place, "vanilla")
    slurm.wait_until_idle()


@pytest.mark.soak  # Slurm looks at limits every half minute: how far a run is by then depends on the machine
def test_a_time_limit_that_is_too_short(slurm: Any, shared: Path, tmp_path: Path) -> None:
    """Slurm itself warns with USR1 before the limit: the run saves and ends, and goes on in a job with more time."""
    epochs = epochs_that_take(15.0, tmp_path, slurm)
    place = Place(shared, slurm, train={"epochs": epochs}, arms={"vanilla": None})
    place.ask_for(runtime="attempt", slurm_extra="'--signal=USR1@59'")  # a minute each time, and the warning at once

    place.finish("--until", "pretrain")

    starts = [entry["start_step"] for entry in json.loads((place.run("vanilla") / "run.json").read_text())["attempts"]]
    assert starts == sorted(starts)
    assert "interrupted by SIGUSR1" in (shared / "log.txt").read_text()
    own = [job for job in slurm.ask("scontrol", "show", "job").split("\n\n") if f"WorkDir={shared}" in job]
    assert len(own) > 1
    assert not any("JobState=TIMEOUT" in job for job in own)  # all ended by themselves, within their limit
    assert place.encoder("vanilla") == trained_locally(tmp_path, place, "vanilla")
