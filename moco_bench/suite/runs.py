"""A suite becomes runs: data sets x encoders x arms x seeds, each with its configuration and two fingerprints."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.suite.config import ContrastConfig, DatasetConfig, EncoderConfig, EvaluateConfig, TrainConfig
from moco_bench.suite.fingerprint import evaluation_fingerprint, pretraining_fingerprint
from moco_bench.suite.suite import Suite, validate


@dataclass(frozen=True)
class Run:
    """One pretraining run and its evaluation."""

    suite: str
    dataset: DatasetConfig
    encoder: EncoderConfig
    arm: str
    contrast: ContrastConfig
    train: TrainConfig
    evaluate: EvaluateConfig
    seed: int
    replicate: int = 1

    @property
    def id(self) -> str:
        """`DATASET/ENCODER/ARM/seedN`, the run's place below `runs/`; a repeated seed is `seedN-rep2`."""
        repeated = f"-rep{self.replicate}" if self.replicate > 1 else ""
        return f"{self.dataset.title}/{self.encoder.title}/{self.arm}/seed{self.seed}{repeated}"

    @cached_property
    def fingerprint(self) -> str:
        """Of what shapes the weights."""
        return pretraining_fingerprint(
            dataset=self.dataset, encoder=self.encoder, contrast=self.contrast, train=self.train, seed=self.seed
        )

    @cached_property
    def evaluation_fingerprint(self) -> str:
        """Of what shapes the metrics."""
        return evaluation_fingerprint(self.fingerprint, self.evaluate)

    def directory(self, results: Path) -> Path:
        """Where its declared outputs lie."""
        return results / self.suite / "runs" / self.id

    def checkpoints(self, results: Path) -> Path:
        """Where its checkpoints lie: never inside a declared output, which the workflow deletes before a retry."""
        return results / self.suite / "checkpoints" / self.id

    def manifest(self, results: Path) -> Path:
        """Where its data set is described."""
        return results / self.suite / "data" / f"{self.dataset.title}.json"

    def stored_evaluation(self, checkpoints: Path) -> Path:
        """Where a finished evaluation waits among the run's checkpoints to be taken over."""
        return checkpoints / f"evaluation-{self.evaluation_fingerprint[:16]}.json"


def expand(suite: Suite) -> tuple[Run, ...]:
    """All runs of a suite, in the order data set, encoder, arm, seed; repeated seeds last.

    Raises:
        InputError: an arm changes something that doesn't exist or to a value that can't be.
    """
    cells = [
        (dataset, arm, *resolve_arm(suite, encoder, arm))
        for dataset in suite.datasets
        for encoder in suite.encoders
        for arm in suite.arms
    ]
    seeds = [(seed, 1) for seed in suite.seeds] + [(seed, 2) for seed in suite.repeat_seeds]
    return tuple(
        Run(suite.name, dataset, encoder, arm, contrast, train, suite.evaluate, seed, replicate)
        for dataset, arm, encoder, contrast, train in cells
        for seed, replicate in seeds
    )


def find_run(suite: Suite, run_id: str) -> Run:
    """The run that lies at `run_id` below `runs/`. Raises `InputError` with the nearest that exists."""
    runs = {run.id: run for run in expand(suite)}
    if run_id not in runs:
        raise InputError(f"suite {suite.name} has no run {run_id!r}; its first is {next(iter(runs))!r}")
    return runs[run_id]


def resolve_arm(suite: Suite, encoder: EncoderConfig, arm: str) -> tuple[EncoderConfig, ContrastConfig, TrainConfig]:
    """The sections of the suite with an arm's changes applied. Raises `InputError` naming the arm and the key."""
    changes, where = suite.arms[arm], f"arms.{arm}"
    return (
        validate(EncoderConfig, merged(encoder.model_dump(), changes.encoder), f"{where}.encoder"),
        validate(ContrastConfig, merged(suite.contrast.model_dump(), changes.contrast), f"{where}.contrast"),
        validate(TrainConfig, merged(suite.train.model_dump(), changes.train), f"{where}.train"),
    )


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, key by key and level by level.

    `negatives` is replaced whole: the parameters of one selection rule mean nothing to the next.
    """
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and key != "negatives":
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result
