"""Expands a suite into runs: data sets x encoders x arms x seeds, each with its configuration and two fingerprints."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import sha256_of
from moco_bench.suite.config import Budget, ContrastConfig, DatasetConfig, EncoderConfig, EvaluateConfig, TrainConfig
from moco_bench.suite.identity.run import evaluation_fingerprint, known_identity, pretraining_identity
from moco_bench.suite.suite import Suite
from moco_bench.suite.validation import validate


@dataclass(frozen=True)
class Run:
    """One pretraining run and its evaluation: sections, names and a seed of all its random numbers.

    Attributes:
        replicate: 1, or 2 for a seed that is run a second time.
        budget: at what it is equal to the baseline.
        paced_by: the baseline's run whose training time or FLOPs it is to have, as long as the epochs that this
            leaves it are unknown (`equal_compute.settled`); until then `train.epochs` are those of equal epochs.
        open_search: the suite's `tune` as long as what its arm's search chose is unknown (`tune.tuned`).
    """

    suite: str
    dataset: DatasetConfig
    encoder: EncoderConfig
    arm: str
    contrast: ContrastConfig
    train: TrainConfig
    evaluate: EvaluateConfig
    seed: int
    replicate: int = 1
    budget: Budget = "epochs"
    paced_by: "Run | None" = None
    open_search: str | None = None

    @cached_property
    def id(self) -> str:
        """The run's place below `runs/`: `DATASET/ENCODER/ARM/seedN`.

        A repeated seed is `seedN-rep2`, a run at the baseline's training time or FLOPs `seedN-seconds` or
        `seedN-flops`.
        """
        which = f"-rep{self.replicate}" if self.replicate > 1 else ""
        which += f"-{self.budget}" if self.budget != "epochs" else ""
        return f"{self.dataset.title}/{self.encoder.title}/{self.arm}/seed{self.seed}{which}"

    @property
    def checkpoint(self) -> Path | None:
        """The file of an encoder that was trained elsewhere; None if the run is trained here."""
        given = self.encoder.checkpoint
        return None if given is None else given.of_seed(self.seed)

    @property
    def place(self) -> tuple[str, str, str]:
        """Titles of data set and encoder, and the arm."""
        return self.dataset.title, self.encoder.title, self.arm

    @property
    def names(self) -> dict[str, Any]:
        """The run's names and numbers, as `run.json` has them."""
        dataset, encoder, arm = self.place
        return {
            "suite": self.suite,
            "arm": arm,
            "dataset": dataset,
            "encoder": encoder,
            "seed": self.seed,
            "replicate": self.replicate,
            "budget": self.budget,
        }

    @property
    def identity(self) -> dict[str, Any]:
        """All that determines the weights, see `pretraining_identity`."""
        return pretraining_identity(
            dataset=self.dataset, encoder=self.encoder, contrast=self.contrast, train=self.train, seed=self.seed
        )

    @cached_property
    def fingerprint(self) -> str:
        """The hash of all that determines the weights; of the request, while epochs or tuned values are unknown."""
        own = sha256_of(self.identity)
        if self.open_search is not None:
            own = sha256_of({"pretraining": own, "tune": self.open_search})
        if self.paced_by is None:
            return own
        return sha256_of({"pretraining": own, "budget": self.budget, "paced_by": self.paced_by.fingerprint})

    @cached_property
    def evaluation_fingerprint(self) -> str:
        """The hash of all that determines the metrics."""
        return evaluation_fingerprint(self.fingerprint, known_identity(self.evaluate))

    def directory(self, results: Path) -> Path:
        """The folder of its declared outputs."""
        return results.joinpath(self.suite, "runs", self.id)

    def checkpoints(self, results: Path) -> Path:
        """The folder of its checkpoints: never inside a declared output, which the workflow deletes before a retry."""
        return results.joinpath(self.suite, "checkpoints", self.id)

    def manifest(self, results: Path) -> Path:
        """The manifest of its data set."""
        return results / self.suite / "data" / f"{self.dataset.title}.json"

    def stored_evaluation(self, checkpoints: Path) -> Path:
        """The file among its checkpoints in which a finished evaluation waits to be taken over."""
        return checkpoints / f"evaluation-{self.evaluation_fingerprint[:16]}.json"


def expand(suite: Suite) -> tuple[Run, ...]:
    """All runs of a suite, in the order data set, encoder, arm, seed; then repeated seeds, then other budgets.

    The epochs of runs with a budget other than epochs are left open, see `equal_compute.settled`; so are the values
    that an arm's search chooses, see `tune.tuned`.

    Raises:
        InputError: an arm changes something that doesn't exist or to a value that can't be.
    """
    cells = product(suite.datasets, suite.encoders)
    return tuple(run for dataset, encoder in cells for run in _runs_of_cell(suite, dataset, encoder))


def _runs_of_cell(suite: Suite, dataset: DatasetConfig, encoder: EncoderConfig) -> Iterator[Run]:
    def run_of(arm: str, seed: int, replicate: int = 1) -> Run:
        own_encoder, contrast, train = sections[arm]
        return Run(
            suite.name, dataset, own_encoder, arm, contrast, train, suite.evaluate, seed, replicate,
            open_search=open_search,
        )  # fmt: skip

    sections = {arm: resolve_arm(suite, encoder, arm) for arm in suite.arms}
    open_search = sha256_of({key: list(values) for key, values in suite.tune.items()}) if suite.tune else None
    for arm in suite.arms:
        given = sections[arm][0].checkpoint
        if given is not None:  # nothing to repeat, to search or to hold to a budget
            seeds = suite.seeds if given.by_seed else suite.seeds[:1]
            yield from (replace(run_of(arm, seed), open_search=None) for seed in seeds)
            continue
        yield from (run_of(arm, seed) for seed in suite.seeds)
        yield from (run_of(arm, seed, 2) for seed in suite.repeat_seeds)
        for budget in suite.budgets:
            if budget != "epochs" and arm != suite.baseline:
                for seed in suite.seeds:
                    yield replace(run_of(arm, seed), budget=budget, paced_by=run_of(suite.baseline, seed))


def find_run(suite: Suite, run_id: str) -> Run:
    """The run at `run_id` below `runs/`. Raises `InputError` with the first that exists."""
    runs = {run.id: run for run in expand(suite)}
    if run_id not in runs:
        raise InputError(f"suite {suite.name} has no run {run_id!r}; its first is {next(iter(runs))!r}")
    return runs[run_id]


def resolve_arm(suite: Suite, encoder: EncoderConfig, arm: str) -> tuple[EncoderConfig, ContrastConfig, TrainConfig]:
    """The sections of the suite with an arm's changes applied. Raises `InputError` naming the arm and the key."""
    try:
        hash(encoder)
    except TypeError:  # a plug-in's, with a mapping among its settings
        return _resolve_arm.__wrapped__(suite, encoder, arm)
    return _resolve_arm(suite, encoder, arm)


@lru_cache(maxsize=4096)  # most commands ask several times for the arms of one suite
def _resolve_arm(suite: Suite, encoder: EncoderConfig, arm: str) -> tuple[EncoderConfig, ContrastConfig, TrainConfig]:
    changes, where, ideas = suite.arms[arm], f"arms.{arm}", suite.ideas
    own = validate(EncoderConfig, encoder.with_changes(changes.encoder), f"{where}.encoder", ideas)
    if own.title != encoder.title and "label" not in changes.encoder:  # arms lie and are compared side by side
        own = own.model_copy(update={"label": encoder.title})
    return (
        own,
        validate(ContrastConfig, merged(suite.contrast.model_dump(), changes.contrast), f"{where}.contrast", ideas),
        validate(TrainConfig, merged(suite.train.model_dump(), changes.train), f"{where}.train", ideas),
    )


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` applied, key by key and level by level.

    `negatives`, `objective` and an `augment` of another name are replaced whole: the settings of one idea mean nothing
    to the next. An `objective` takes the place of `dual_view` and the other way round.
    """
    result = dict(base)
    for one, other in (("objective", "dual_view"), ("dual_view", "objective")):
        if changes.get(one) is not None and other not in changes:
            result.pop(other, None)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and _same_idea(key, old, value):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def _same_idea(key: str, old: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    return key not in ("negatives", "objective") and value.get("name", old.get("name")) == old.get("name")
