"""The finished runs in a folder of results from another machine, each checked against its hashes.

Every file is checked before anything is written: a run's by the hashes in its `run.json`, its metrics by the hash that
they carry. What has none was seen by nobody and is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import is_vouched_for, mapping_if_any, read_mapping, seal_is_broken
from moco_bench.suite.on_disk.hashes import ENCODER, RESULT_FILES, damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record

RUN_FILES = (*RESULT_FILES, "metrics.json", "run.json")
"""Files of a run in the order of copying: `run.json` vouches for the files before it."""


@dataclass(frozen=True)
class FoundRun:
    """A finished run in one of the folders; `metrics` is empty where it failed or wasn't evaluated.

    `evaluated_in` is the folder of its `metrics.json`, where that is another folder's copy of the same run.
    """

    root: Path
    directory: Path
    record: Mapping[str, Any]
    metrics: Mapping[str, Any]
    evaluated_in: Path | None = None

    @property
    def place(self) -> Path:
        """The run's path below the folder of results: `SUITE/runs/DATASET/ENCODER/ARM/seedN`."""
        return self.directory.relative_to(self.root)

    def numbers(self) -> dict[str, float]:
        """The run's results: all plain numbers of its `metrics.json`."""
        return {
            name: float(value)
            for name, value in self.metrics.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }

    def or_else(self, other: "FoundRun") -> "FoundRun":
        """What is kept of two runs with equal fingerprints, this one being first.

        Copies of one run, by the hash of its weights, complete each other. Of two runs the first is kept, unless the
        other alone is a result. A failed run is one: to keep the one that succeeded would be to choose the better of
        two.
        """
        if self._weights != other._weights:
            return other if other._is_result and not self._is_result else self
        whole = next((run for run in (self, other) if encoder_was_kept(run.record)), self)
        if whole.metrics or not (evaluated := self if self.metrics else other).metrics:
            return whole
        return replace(whole, metrics=evaluated.metrics, evaluated_in=evaluated.directory)

    @property
    def _is_result(self) -> bool:
        return self.record["status"] == "failed" or bool(self.numbers())

    @property
    def _weights(self) -> Any:
        return self.record["files"][ENCODER].get("sha256")


def runs_in(root: Path, left_out: list[str]) -> Iterator[FoundRun]:
    """Each finished run below `root`; messages about records that can't be read are added to `left_out`.

    Raises:
        InputError: there is no such folder, or a run's file isn't what its `run.json` vouches for.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    for path in sorted(root.glob("*/runs/*/*/*/seed*/run.json")):
        try:
            record = read_record(path)
        except InputError as error:
            left_out.append(str(error))
            continue
        for name in ("", *RUN_FILES):
            check_inside(root, path.parent / name)
        wrong = damage(path.parent, record, whole=True)
        if wrong:
            raise InputError(f"{path.parent}: {wrong}; put it back, or remove that folder from {root}")
        yield FoundRun(root, path.parent, record, _metrics_of(path.parent, record))


def _metrics_of(directory: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the run's `metrics.json`; empty where there is none.

    Raises:
        InputError: `metrics.json` was edited, carries no hash, or is about other images than the run.
    """
    path = directory / "metrics.json"
    if not path.exists():
        return {}
    metrics = vouched_for(path)
    if record["status"] == "done" and metrics.get("data_sha256", record["data"]["sha256"]) != record["data"]["sha256"]:
        raise InputError(f"{path}: is about other images than the run.json beside it; remove it and evaluate again")
    return metrics


def vouched_for(path: Path) -> dict[str, Any]:
    """The content of a JSON file with a hash of itself. Raises `InputError` if that is wrong or missing."""
    content = read_mapping(path)
    if not is_vouched_for(content):
        raise InputError(f"{path}: changed after it was written, or without a hash; put it back, or remove it")
    return content


def check_unedited(path: Path) -> None:
    """Raise `InputError` where a JSON file with a hash of itself was changed since; older ones have no hash."""
    if seal_is_broken(mapping_if_any(path)):
        raise InputError(f"{path}: changed after it was written; put it back, or remove it")


def check_inside(root: Path, path: Path) -> None:
    """Raise `InputError` where a link leads out of a folder of results."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{path}: a link out of {root}; put the files themselves there, or remove it")
