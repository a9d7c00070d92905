"""The search of each arm's settings before its runs: equally many candidates per arm, judged on held-out images.

One setting for all arms is the optimum of whichever arm it was chosen for. With `tune` in a suite, each arm of each
data set and encoder trains its candidates on the training images less a held-out part, from a seed that no run has,
and its runs take the values of the best. `moco-bench tune` trains them and writes `tune.csv` (every candidate's score)
and `tuned.json` (what was chosen).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, product
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import mapping_if_any, read_mapping, seal_is_broken, sha256_of
from moco_bench.suite.config import EncoderConfig
from moco_bench.suite.metrics import METRICS
from moco_bench.suite.runs import Run, expand, merged, resolve_arm
from moco_bench.suite.suite import Suite
from moco_bench.suite.validation import validate

HELD_OUT = 0.2
"""Fraction of the training images on which candidates are judged."""

TUNED = "tuned.json"
"""The file of the chosen values in a suite's results."""

TunedValues = Mapping[str, float]
"""Values of a candidate, such as `{"train.learning_rate": 0.03}`."""
Choices = Mapping[tuple[str, str, str], TunedValues]
"""(data set, encoder, arm) -> the values of the chosen candidate."""


@dataclass(frozen=True)
class Candidate:
    """One candidate of an arm: its number from 1, its values, and the run that evaluates them."""

    number: int
    values: TunedValues
    run: Run
    arm: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Data set, encoder and arm."""
        return self.run.dataset.title, self.run.encoder.title, self.arm


def candidates(suite: Suite) -> tuple[Candidate, ...]:
    """All candidates of a suite, arm by arm, as many as the smallest grid has; none where it has no `tune`.

    Raises:
        InputError: as `check_tune`.
    """
    if not suite.tune:
        return ()
    check_tune(suite)
    each = min(len(_grid(suite, run.encoder, run.arm)) for run in _first_runs(suite))
    seed = search_seed(suite)
    found: list[Candidate] = []
    for run in _first_runs(suite):
        for number, values in enumerate(_some(_grid(suite, run.encoder, run.arm), each), start=1):
            trial = with_values(replace(run, open_search=None), values, suite)
            trial = replace(
                trial,
                suite=f"{suite.name}/tune",
                arm=f"{run.arm}/candidate{number}",
                dataset=run.dataset.model_copy(update={"validation": HELD_OUT}),
                evaluate=suite.evaluate.model_copy(update={"corruptions": False, "neighbours": 0}),
                seed=seed,
            )
            found.append(Candidate(number, values, trial, run.arm))
    return tuple(found)


def search_seed(suite: Suite) -> int:
    """The seed of a suite's candidates, which no run has. A run that takes it later has the search made again."""
    return next(seed for seed in count() if seed not in suite.seeds)


def check_tune(suite: Suite) -> None:
    """Refuse a search that can't be made or would be misread. Raises `InputError`."""
    if not suite.tune:
        return
    for key, values in suite.tune.items():
        if len(set(values)) < len(values):
            raise InputError(f"tune.{key}: duplicate values; give each once")
    if suite.analysis.primary == "knn_top1_corrupted":
        raise InputError(
            "tune: candidates are judged by the primary metric, on images that aren't corrupted; choose another"
        )
    judge = METRICS[suite.analysis.primary]
    if not judge.about_representations or judge.better is None:
        raise InputError(
            f"tune: candidates are judged by the primary metric, and of {judge.name} no side says which encoder is "
            "better; choose an accuracy"
        )
    for dataset in suite.datasets:
        if dataset.validation > 0:
            raise InputError(
                f"datasets.{dataset.title}.validation: `tune` holds out training images itself; leave `validation` out"
            )
    for run in _first_runs(suite):
        if run.train.devices > 1:
            raise InputError(f"arms.{run.arm}.train.devices: `tune` trains each candidate in one process; give 1")
        if len(_grid(suite, run.encoder, run.arm)) < 2:
            raise InputError(
                f"tune: fewer than two candidates for arm {run.arm}: keys that an arm sets itself or that have no "
                "effect in it are not searched there; give more values of a key that every arm has"
            )
        for candidate in _grid(suite, run.encoder, run.arm):
            with_values(run, candidate, suite)


def tune_fingerprint(suite: Suite) -> str:
    """The hash of all that determines `tuned.json`."""
    trials = [
        [*each.place, each.number, dict(each.values), each.run.evaluation_fingerprint] for each in candidates(suite)
    ]
    judge = METRICS[suite.analysis.primary]
    side = {} if judge.better == "higher" else {"better": judge.better}
    return sha256_of({"candidates": trials, "metric": judge.name, **side})


def tuned_path(suite: Suite, results: Path) -> Path:
    """The file of the chosen values."""
    return results / suite.name / TUNED


def images_described(suite: Suite, results: Path) -> dict[str, str]:
    """The hash of each data set's images, as far as an unedited manifest in the results describes them."""
    titles = [dataset.title for dataset in suite.datasets]
    manifests = {title: mapping_if_any(results / suite.name / "data" / f"{title}.json") for title in titles}
    found = {title: each.get("sha256") for title, each in manifests.items() if not seal_is_broken(each)}
    return {title: sha256 for title, sha256 in found.items() if isinstance(sha256, str)}


def of_other_images(choice: Mapping[str, Any], suite: Suite, results: Path) -> bool:
    """Whether a `tuned.json` says that it was chosen on other images than those that the suite has now."""
    chosen_on = choice.get("images")
    known = chosen_on if isinstance(chosen_on, dict) else {}
    return any(known.get(title, sha256) != sha256 for title, sha256 in images_described(suite, results).items())


def read_choices(suite: Suite, results: Path) -> Choices:
    """The chosen values of each arm; empty for a suite without `tune`.

    Raises:
        InputError: `tuned.json` is missing, damaged, edited, or of another search or other images.
    """
    if not suite.tune:
        return {}
    path = tuned_path(suite, results)
    again = "run `moco-bench tune`"
    found = read_mapping(path) if path.exists() else None
    if found is None:
        raise InputError(f"{path}: not there, and the suite's arms are tuned: {again}")
    if seal_is_broken(found):
        raise InputError(f"{path}: changed by hand; put it back, or {again}")
    if found.get("fingerprint") != tune_fingerprint(suite):
        raise InputError(f"{path}: of another search than the suite's: {again}")
    if of_other_images(found, suite, results):
        raise InputError(f"{path}: chosen on other images than the suite has now: {again}")
    try:
        return _choices_of(found)
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: not what `moco-bench tune` writes; remove it and {again}") from None


def choices_in(folder: Path, suite: Suite) -> Choices:
    """The chosen values in one suite's results; empty where its `tuned.json` is missing or of another search."""
    found = mapping_if_any(folder / TUNED)
    try:
        return _choices_of(found) if found.get("fingerprint") == tune_fingerprint(suite) else {}
    except (InputError, KeyError, TypeError, ValueError):
        return {}


def _choices_of(found: Mapping[str, Any]) -> Choices:
    return {(row["dataset"], row["encoder"], row["arm"]): dict(row["values"]) for row in found["chosen"]}


def tuned(run: Run, choices: Choices, suite: Suite) -> Run:
    """The run with its arm's chosen values; unchanged if nothing is open or nothing was chosen."""
    values = choices.get(run.place)
    if run.open_search is None or values is None:
        return run
    paced_by = None if run.paced_by is None else tuned(run.paced_by, choices, suite)
    return replace(with_values(run, values, suite), open_search=None, paced_by=paced_by)


def with_values(run: Run, values: TunedValues, suite: Suite) -> Run:
    """The run with a candidate's values. Raises `InputError` for values that aren't allowed."""
    sections: dict[str, Any] = {}
    for name in ("train", "contrast"):
        before, prefix = getattr(run, name), f"{name}."
        changes = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
        sections[name] = validate(type(before), merged(before.model_dump(), changes), f"tune.{name}", suite.ideas)
    return replace(run, **sections)


def _first_runs(suite: Suite) -> Iterator[Run]:
    """The first run of each data set, encoder and arm."""
    seen = set()
    for run in expand(suite):
        if run.place not in seen and run.checkpoint is None:
            seen.add(run.place)
            yield run


def _grid(suite: Suite, encoder: EncoderConfig, arm: str) -> list[TunedValues]:
    """All combinations of the keys that the arm leaves open and that have an effect in it."""
    _, contrast, train = resolve_arm(suite, encoder, arm)
    changes = suite.arms[arm]
    fixed = {f"{name}.{key}" for name in ("train", "contrast") for key in getattr(changes, name)}
    fixed |= {f"contrast.{key}" for key in contrast.idle_keys()} | {f"train.{key}" for key in train.idle_keys()}
    keys = [key for key in suite.tune if key not in fixed]
    return (
        [dict(zip(keys, values, strict=True)) for values in product(*(suite.tune[key] for key in keys))] if keys else []
    )


def _some(grid: list[TunedValues], number: int) -> list[TunedValues]:
    """`number` points of a grid, with each value about equally often; the same points every time."""
    left = sorted(range(len(grid)), key=lambda index: sha256_of([index, dict(grid[index])]))
    used: Counter[tuple[str, float]] = Counter()
    drawn: list[int] = []
    for _ in range(number):
        index = min(left, key=lambda index: sorted((used[pair] for pair in grid[index].items()), reverse=True))
        left.remove(index)
        used.update(grid[index].items())
        drawn.append(index)
    return [grid[index] for index in sorted(drawn)]
