"""What would run, and why: each run of a suite held against what lies in its results."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.suite.fingerprint import PROTOCOL, pretraining_identity
from moco_bench.suite.record import read_record
from moco_bench.suite.runs import Run

State = Literal["done", "failed", "evaluate", "started", "new", "changed"]


@dataclass(frozen=True)
class PlannedRun:
    """A run, its state, and the reason why it would be run (empty where it would not)."""

    run: Run
    state: State
    reason: str

    @property
    def would_run(self) -> bool:
        """Whether the workflow has anything to do for it."""
        return self.state not in ("done", "failed")


def plan_run(run: Run, results: Path) -> PlannedRun:
    """Find out how far a run is, from its files alone."""
    directory, checkpoints = run.directory(results), run.checkpoints(results)
    if run.paced_by is not None:
        return PlannedRun(run, "new", f"waits for the cost of arm {run.arm}, which decides its epochs")
    if not (directory / "run.json").exists():
        if any((checkpoints / name).exists() for name in ("latest.ckpt", "previous.ckpt")):
            return PlannedRun(run, "started", "has a checkpoint to go on from")
        return PlannedRun(run, "new", "never run")
    record = _read(directory / "run.json", read_record)
    if record is None:
        return PlannedRun(run, "changed", "its run.json is not readable")
    if record["fingerprint"] != run.fingerprint:
        return PlannedRun(run, "changed", _what_changed(record, run))
    manifest = _read(run.manifest(results), read_mapping)
    if manifest is not None and manifest.get("sha256") != record["data"]["sha256"]:
        return PlannedRun(run, "changed", "the data set's content has changed")
    if record["status"] == "failed":
        return PlannedRun(run, "failed", "")
    metrics = _read(directory / "metrics.json", read_mapping)
    if metrics is None:
        return PlannedRun(run, "evaluate", "trained, not evaluated")
    if metrics.get("evaluation_fingerprint") != run.evaluation_fingerprint:
        return PlannedRun(run, "evaluate", "evaluation settings changed")
    return PlannedRun(run, "done", "")


def _read(path: Path, read: Callable[[Path], dict[str, Any]]) -> dict[str, Any] | None:
    try:
        return read(path)
    except InputError:
        return None


def _what_changed(record: Mapping[str, Any], run: Run) -> str:
    if record.get("protocol") != PROTOCOL:
        return f"training protocol {record.get('protocol')}, now {PROTOCOL}"
    wanted = pretraining_identity(
        dataset=run.dataset, encoder=run.encoder, contrast=run.contrast, train=run.train, seed=run.seed
    )
    found = {**record["config"], "seed": record.get("seed")}
    changes = list(_differences(found, {key: wanted[key] for key in wanted if key != "protocol"}))
    return "; ".join(changes[:3]) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "") or "settings changed"


def _differences(found: Any, wanted: Any, path: str = "") -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in wanted:
            yield from _differences(found.get(key), wanted[key], f"{path}.{key}" if path else key)
    elif found != (list(wanted) if isinstance(wanted, tuple) else wanted):
        yield f"{path}: {found} -> {wanted}"
