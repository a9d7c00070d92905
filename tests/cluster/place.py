"""A folder that all nodes share, with a suite that Snakemake hands to Slurm there."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

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
PACED: dict[str, Any] = {
    "plugins": ["paced.py"],
    "dataset": {"name": "digits", "train_limit": 128, "test_limit": 100},
    "train": {"epochs": 200},
    "arms": {"paced": {"contrast": {"negatives": "paced"}}},
}
"""A run of 400 steps that takes minutes until the test lets it go on, and then seconds."""


def adapted_profile() -> dict[str, Any]:
    """The profile as this cluster's users would change it: their partition, and waits that are short."""
    profile: dict[str, Any] = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    profile["default-resources"] |= {"slurm_partition": "main", "slurm_account": "none"}
    profile |= {"latency-wait": 5, "slurm-init-seconds-before-status-checks": 2}
    return profile


class Job(NamedTuple):
    """A job as Slurm describes it."""

    number: str
    node: str
    state: str
    name: str


class Place:
    """A folder on the file system that all nodes share, and a suite in it."""

    def __init__(self, folder: Path, slurm: Any, **changes: Any) -> None:
        self.folder, self.slurm = folder, slurm
        self.suite = folder / "tiny.yaml"
        raw = {**SUITE, **changes, "train": {**SUITE["train"], **changes.get("train", {})}}
        self.suite.write_text(yaml.safe_dump(raw, sort_keys=False))
        if raw.get("plugins"):
            shutil.copy(Path(__file__).with_name("paced.py"), folder)
        self.profile = folder / "profile"
        self.profile.mkdir(exist_ok=True)
        (self.profile / "config.yaml").write_text(yaml.safe_dump(adapted_profile()))

    def ask_for(self, **resources: Any) -> None:
        """Let the profile say what a training asks for: on the command line it would take the whole map's place."""
        profile = adapted_profile()
        profile["set-resources"]["pretrain"] = resources
        (self.profile / "config.yaml").write_text(yaml.safe_dump(profile))

    def start(self, *options: str) -> "subprocess.Popen[str]":
        snakemake = Path(__file__).with_name("impatient.py")
        command = [
            sys.executable, str(snakemake), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.folder),
            "--workflow-profile", str(self.profile), "--configfile", str(self.suite), *options,
        ]  # fmt: skip
        process = subprocess.Popen(
            command,
            stdout=open(self.folder / "log.txt", "a"),  # noqa: SIM115  # Snakemake's for its whole life
            stderr=subprocess.STDOUT,
            text=True,
            env=self.slurm.environment,
            start_new_session=True,
        )
        self.slurm.snakemakes.append(process)
        return process

    def finish(self, *options: str) -> None:
        assert self.start(*options).wait(PATIENCE) == 0, self.log()

    def log(self) -> str:
        return (self.folder / "log.txt").read_text()[-6000:]

    def run(self, arm: str) -> Path:
        return self.folder / "results" / "tiny" / "runs" / RUN.format(arm=arm)

    def encoder(self, arm: str) -> bytes:
        return (self.run(arm) / "encoder.safetensors").read_bytes()

    def starts(self, arm: str) -> list[int]:
        """The step at which each attempt at a finished run began."""
        attempts = json.loads((self.run(arm) / "run.json").read_text())["attempts"]
        return [attempt["start_step"] for attempt in attempts]

    def attempts(self, arm: str) -> int:
        """How many attempts at a run have begun."""
        file = self.checkpoints(arm) / "attempts.json"
        return len(json.loads(file.read_text())) if file.exists() else 0

    def checkpoints(self, arm: str) -> Path:
        return self.folder / "results" / "tiny" / "checkpoints" / RUN.format(arm=arm)

    def wait_until(self, holds: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def wait_for_attempt(self, number: int, arm: str, process: "subprocess.Popen[str]") -> str:
        """Until so many attempts at a run have begun and the last has saved something; the number of its job."""
        attempts, saved = (self.checkpoints(arm) / name for name in ("attempts.json", "latest.ckpt"))

        def is_at_work() -> bool:
            return (
                self.attempts(arm) >= number
                and saved.exists()
                and saved.stat().st_mtime > attempts.stat().st_mtime
                and len(self.running()) == 1
            )

        self.wait_until(is_at_work, process)
        (job,) = self.running()
        return job

    def jobs(self, *options: str) -> list[Job]:
        """This folder's jobs, finished ones too."""
        lines = self.slurm.ask("squeue", "-h", *(options or ("-t", "all")), "-o", "%i|%N|%T|%j|%Z").splitlines()
        fields = [line.split("|") for line in lines]
        return [Job(*described) for *described, folder in fields if folder == str(self.folder)]

    def running(self) -> list[str]:
        """Numbers of this folder's jobs that hold an allocation."""
        return [job.number for job in self.jobs("-t", "running")]

    def running_on(self, node: str) -> list[str]:
        return [job.number for job in self.jobs("-t", "running") if job.node == node]


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
