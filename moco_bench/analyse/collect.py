"""Collects the files of runs into one tidy table, `runs.csv`: one row per expected run, finished or not."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from moco_bench.analyse.machines import measured_on
from moco_bench.analyse.table import columns
from moco_bench.errors import InputError, one_line
from moco_bench.files import ordinary, read_mapping
from moco_bench.suite.metrics import METRICS
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import Run
from moco_bench.suite.steps import DataState, data_state
from moco_bench.train.attempts import attempts_noted
from moco_bench.train.last_error import last_error

_EVALUATED = ("evaluated_on", "evaluation_fingerprint")
_RESOURCES = (
    "images_per_second", "step_ms_median", "train_seconds", "peak_memory_mib", "memory_source", "device",
    "precision", "exclusive", "foreign_load",
)  # fmt: skip
_LAST_EPOCH = ["train_loss", "false_negative_rate_kept", "false_negative_rate_dropped"]
MAX_TEXT = 1000
"""Characters of a cell: a record may come from anybody."""
_RECORD = ["reason", "epochs", "threads", "compiled", "shared_from", "device", "precision"]


def collect(runs: Iterable[Run], results: Path) -> pd.DataFrame:
    """One row per run, in the order given; columns are `table.columns`.

    A run whose files are absent, unreadable, or made by another configuration is a row with `status` missing and the
    reason: one broken run must not hide the others.
    """
    states: dict[Path, DataState] = {}
    rows = []
    for run in runs:
        manifest = run.manifest(results)
        if manifest not in states:
            states[manifest] = data_state(run.dataset, manifest)
        rows.append(_row(run, results, states[manifest]))
    return pd.DataFrame(rows, columns=list(columns()), dtype=object)


def _row(run: Run, results: Path, data: DataState) -> dict[str, Any]:
    expected = {
        **run.names,
        "fingerprint": run.fingerprint,
        "precision_requested": run.train.precision,
        "directory": f"runs/{run.id}",
    }
    if run.open_search is not None:
        return {**expected, "status": "missing", "reason": "waits for its arm's search, which chooses its settings"}
    if run.paced_by is not None:
        return {**expected, "status": "missing", "reason": "waits for its cost, which decides its epochs"}
    directory = run.directory(results)
    if not (directory / "run.json").exists():
        return {**expected, "status": "missing", "reason": _how_far(run, results)}
    try:
        found = _read(directory, run)
        planned = plan_run(run, results, data)
        if planned.would_run:  # what the workflow would run again is no result
            raise InputError(f"{planned.reason}; run the suite again")
    except InputError as error:
        return {**expected, "status": "missing", "reason": _without_place(str(error), results)}
    return {**expected, **found}


def _how_far(run: Run, results: Path) -> str:
    """How often an unfinished run was started and what its last attempt ended with, as far as that is known."""
    checkpoints = run.checkpoints(results)
    noted = attempts_noted(checkpoints)
    starts = [attempt["start_step"] for attempt in noted if attempt["fingerprint"] == run.fingerprint]
    error = last_error(checkpoints, run.fingerprint) or _last_complaint(run, results)
    why = "" if error is None else f": {_without_place(error, results)}"
    if not starts:
        return f"not started{why}" if why else "not run yet"
    times = "once" if len(starts) == 1 else f"{len(starts)} times"
    return f"not finished: started {times}, last from step {starts[-1]}{why}"


def _last_complaint(run: Run, results: Path) -> str | None:
    """The error at the end of the run's workflow log: bad input is refused before the run has any file."""
    log = results.parent / "logs" / run.suite / "pretrain" / f"{run.id}.log"
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return None
    last = next((line for line in reversed(lines) if line.strip()), "")
    if last.startswith("moco-bench: ") and not last.startswith("moco-bench: warning: "):
        return one_line(last.removeprefix("moco-bench: "))
    crashed = any(line.startswith("Traceback ") for line in lines)
    return one_line(last) if crashed else None


def _read(directory: Path, run: Run) -> dict[str, Any]:
    record = read_mapping(directory / "run.json")
    if record.get("fingerprint") != run.fingerprint:
        raise InputError("made by another configuration of this suite; run the suite again")
    status = record.get("status")
    if status not in ("done", "failed"):
        raise InputError(f"run.json: status is {status!r}; done or failed would be right")
    row: dict[str, Any] = {name: record.get(name) for name in _RECORD} | {"measured_on": measured_on(record) or None}
    hashes = record.get("hashes") or {}
    row |= {f"{name}_hash": hashes.get(name) for name in ("init", "order", "augment")}
    row |= last_epoch(directory / "history.csv")
    resources = read_mapping(directory / "resources.json")
    row |= {name: resources[name] for name in _RESOURCES if resources.get(name) is not None}
    if status == "done":
        metrics = read_mapping(directory / "metrics.json")
        if metrics.get("evaluation_fingerprint") != run.evaluation_fingerprint:
            raise InputError("metrics.json: made by other evaluation settings; evaluate the run again")
        names = (metric.name for metric in METRICS.values() if metric.about_representations)
        row |= {name: metrics.get(name) for name in (*names, *_EVALUATED)}
    return {name: _plain(value, name) for name, value in row.items()} | {"status": status}


def last_epoch(path: Path) -> dict[str, Any]:
    """Loss and false-negative rates from the last complete row of a history; empty where there is none."""
    try:
        with open(ordinary(path), newline="", encoding="utf-8") as handle:
            rows = [row for row in csv.DictReader(handle) if None not in row and None not in row.values()]
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name}: not readable as a CSV table ({error})") from None
    return {name: rows[-1].get(name) or None for name in _LAST_EPOCH} if rows else {}


def _plain(value: Any, name: str) -> Any:
    """A value in a form that fits a table: one printable line, if it is text.

    Raises:
        InputError: NaN, infinity and nested values are damage.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{name} is {value}; a finite number would be right")
    if isinstance(value, (dict, list)):
        raise InputError(f"{name} is a {type(value).__name__}; one value would be right")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not (value.isprintable() and len(value) <= MAX_TEXT):
        return one_line(value)[:MAX_TEXT]
    return value


def _without_place(message: str, results: Path) -> str:
    return one_line(message.replace(f"{results}/", ""))[:300]
