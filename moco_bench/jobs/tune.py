"""Searches each arm's settings: trains candidates, scores them on held-out images, and records the best."""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from moco_bench.errors import InputError
from moco_bench.files import read_mapping, sealed, write_csv, write_json
from moco_bench.jobs.evaluate import evaluate_run
from moco_bench.suite.metrics import METRICS
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import Candidate, candidates, images_described, tune_fingerprint, tuned_path
from moco_bench.train.signals import interrupted_by_signals


def search(suite: Suite, results: Path, tell: Callable[[str], None]) -> Path:
    """Train and evaluate all candidates, one after the other, and return the path of `tuned.json`.

    Raises:
        InputError: there is nothing to search, or every candidate of an arm failed.
        Interrupted: as training a run.
    """
    if not suite.tune:
        raise InputError(f"suite {suite.name}: nothing to search; give keys and their candidate values under `tune`")
    trials = candidates(suite)
    for trial in trials:
        with interrupted_by_signals(trial.run.id):
            from moco_bench.jobs.pretrain import train_run  # takes seconds, in which a signal may come too

            tell(f"{trial.run.id}: {train_run(suite, trial.run, results)}")
            evaluate_run(trial.run, results)
    write_choice(suite, trials, results)
    return tuned_path(suite, results)


def write_choice(suite: Suite, trials: Sequence[Candidate], results: Path) -> None:
    """Choose each arm's best candidate and write both files, `tuned.json` last.

    Raises:
        InputError: every candidate of an arm failed.
    """
    metric = suite.analysis.primary
    scores = [_score(trial, metric, results) for trial in trials]
    chosen = [
        best_of(list(group), METRICS[metric].better)
        for _, group in groupby(zip(trials, scores, strict=True), lambda pair: pair[0].place)
    ]
    keys = list(suite.tune)
    columns = ("dataset", "encoder", "arm", "candidate", *keys, "metric", "score", "chosen")
    scored = (
        (*trial.place, trial.number, *(trial.values.get(key) for key in keys), metric, score, trial in chosen)
        for trial, score in zip(trials, scores, strict=True)
    )
    path = tuned_path(suite, results)
    write_csv(path.with_name("tune.csv"), columns, scored)
    rows = [
        {**dict(zip(columns, trial.place, strict=False)), "candidate": trial.number, "values": dict(trial.values)}
        for trial in chosen
    ]
    choice = {"fingerprint": tune_fingerprint(suite), "metric": metric, "chosen": rows}
    write_json(path, sealed({**choice, "images": images_described(suite, results)}))


def best_of(
    scored: Sequence[tuple[Candidate, float | None]], better: Literal["higher", "lower"] | None = "higher"
) -> Candidate:
    """The candidate of the best score, the first of equals. Raises `InputError` where all of them failed."""
    sign = -1 if better == "lower" else 1
    done = [(sign * score, -trial.number, trial) for trial, score in scored if score is not None]
    if not done:
        raise InputError(f"tune: every candidate of arm {scored[0][0].arm} failed; give other values")
    return max(done)[2]


def _score(trial: Candidate, metric: str, results: Path) -> float | None:
    """The metric on the held-out images; None for a candidate that diverged or collapsed."""
    metrics: dict[str, Any] = read_mapping(trial.run.directory(results) / "metrics.json")
    value = metrics.get(metric)
    return None if value is None else float(value)
