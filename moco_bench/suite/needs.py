"""Estimates from finished runs: hours for a plan, memory and time for cluster jobs.

A run takes what the finished runs of its arm took, or else those of its data set and encoder, on whatever machine they
ran. Hours of a plan come from the suite's profile where no such run has finished. Evaluation is not counted. A search's
candidates train on a part of the images; their times are converted by that part, in both directions.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.suite.plan import PlannedRun, plan_run
from moco_bench.suite.profiled import StepTimes
from moco_bench.suite.runs import Run
from moco_bench.suite.tune import HELD_OUT, Candidate

ROOM = 1.5
"""Factor of requested over measured resources."""

MINUTES_BESIDE = 30
"""Minutes for imports, evaluation and a busy disk."""

MEM_MB_BESIDE = 500
"""Megabytes for Snakemake on the node."""

MEM_MB, MINUTES = 4000, 1440
"""Requests where nothing like a run has finished."""


def gpus_here(environment: Mapping[str, str] = os.environ) -> int:
    """NVIDIA GPUs that processes of this machine may use: those that CUDA_VISIBLE_DEVICES names, else all."""
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named:
        return sum(name.strip() not in ("", "-1", "NoDevFiles") for name in named.split(","))
    try:
        told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):  # no driver, or one that hangs
        return 0
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines())


RunKind = tuple[str, ...]


@dataclass
class Taken:
    """What finished runs took, by (data set, encoder, arm) and by (data set, encoder)."""

    epoch_seconds: dict[RunKind, list[float]] = field(default_factory=dict)
    memory_mib: dict[RunKind, list[float]] = field(default_factory=dict)

    def seconds(self, run: Run) -> float | None:
        """Estimated seconds of a run's training; None if nothing like it has finished."""
        found = next((self.epoch_seconds[place] for place in _places(run) if place in self.epoch_seconds), None)
        return None if found is None else median(found) * run.train.trained_epochs

    def mem_mb(self, run: Run, attempt: int = 1) -> int:
        """Megabytes to request; twice as many from the second attempt on, as the first may have lacked memory.

        Further attempts ask for no more: no node may have it, and a job that none can take is never started.
        """
        found = next((self.memory_mib[place] for place in _places(run) if place in self.memory_mib), None)
        return min(attempt, 2) * (MEM_MB if found is None else round(ROOM * max(found)) + MEM_MB_BESIDE)

    def minutes(self, run: Run) -> int:
        """Minutes to request; for each attempt the same: it goes on from a checkpoint, and partitions have limits."""
        seconds = self.seconds(run)
        return MINUTES if seconds is None else round(ROOM * seconds / 60) + MINUTES_BESIDE


def taken_by(planned: Iterable[PlannedRun], results: Path, trials: Iterable[Candidate] = ()) -> Taken:
    """Time and memory of those of the runs, and of a search's candidates, that have finished."""
    taken = Taken()
    finished = [(item.run, item.run.place, 1.0) for item in planned if not item.would_run]
    done = (trial for trial in trials if not plan_run(trial.run, results).would_run)
    finished += [(trial.run, trial.place, 1 - HELD_OUT) for trial in done]
    for run, place, part in finished:
        try:
            resources = read_mapping(run.directory(results) / "resources.json")
            epochs = read_mapping(run.directory(results) / "run.json").get("epochs")
        except InputError:
            continue
        seconds, memory = resources.get("train_seconds"), resources.get("peak_memory_mib")
        for kind in (place, place[:2]):
            if isinstance(seconds, (int, float)) and isinstance(epochs, int) and epochs > 0:
                taken.epoch_seconds.setdefault(kind, []).append(seconds / part / epochs)
            if isinstance(memory, (int, float)) and memory > 0:
                taken.memory_mib.setdefault(kind, []).append(memory)
    return taken


class HoursLeft(NamedTuple):
    """Estimated hours of training for the runs, one after the other.

    Of the runs, `by_profile` are estimated by the profile and `unknown` are left out: nothing tells how long they take.
    """

    hours: float
    by_profile: int = 0
    unknown: int = 0


def hours_left(
    taken: Taken,
    planned: Sequence[PlannedRun],
    profile: StepTimes | None = None,
    images: Mapping[str, int | None] = MappingProxyType({}),
) -> HoursLeft:
    """Estimate the hours of the runs that are still to be trained.

    The profile's step times serve where no finished run tells, and `images` where a manifest tells how many train.
    """
    total, by_profile, unknown = 0.0, 0, 0
    for item in planned:
        if not item.would_run or item.state in ("evaluate", "shared") or item.run.checkpoint is not None:
            continue
        seconds = taken.seconds(item.run)
        if seconds is None:
            seconds = _seconds_by(profile, item.run, images)
            by_profile += seconds is not None
            unknown += seconds is None
        total += seconds or 0.0
    return HoursLeft(total / 3600, by_profile, unknown)


def hours_of_search(
    taken: Taken,
    trials: Iterable[Candidate],
    results: Path,
    profile: StepTimes | None = None,
    images: Mapping[str, int | None] = MappingProxyType({}),
) -> HoursLeft:
    """As `hours_left`, of a search's candidates."""
    whole = [
        replace(
            plan_run(trial.run, results),
            run=replace(trial.run, arm=trial.arm, dataset=trial.run.dataset.model_copy(update={"validation": 0.0})),
        )
        for trial in trials
    ]
    left = hours_left(taken, whole, profile, images)
    return left._replace(hours=(1 - HELD_OUT) * left.hours)


def _seconds_by(profile: StepTimes | None, run: Run, images: Mapping[str, int | None]) -> float | None:
    step = profile.seconds.get(_places(run)[0]) if profile else None
    count = images.get(run.dataset.title) or run.dataset.training_images
    return step * (count // run.train.batch_size) * run.train.trained_epochs if step and count else None


def _places(run: Run) -> tuple[tuple[str, str, str], tuple[str, str]]:
    return run.place, run.place[:2]
