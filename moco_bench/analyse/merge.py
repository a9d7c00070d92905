"""Merges the results of several machines into one folder; runs with equal fingerprints are one run.

Every file is checked before anything is written: a run's by the hashes in its `run.json`, its metrics, floors and costs
by the hash that each carries. What has none was seen by nobody and is refused. Where two folders have a run with equal
fingerprints, the first one's files are kept; unequal numbers are an effect of the machine, and are listed.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from moco_bench.analyse.machines import measured_on
from moco_bench.errors import InputError
from moco_bench.files import check_regular, is_vouched_for, read_mapping, write_atomically, write_json
from moco_bench.suite.load import load_suite
from moco_bench.suite.on_disk.finished import POINTERS
from moco_bench.suite.on_disk.hashes import RESULT_FILES, damage, encoder_was_kept, without_encoder
from moco_bench.suite.on_disk.record import read_record

RUN_FILES = (*RESULT_FILES, "metrics.json", "run.json")
"""Files of a run in the order of copying: `run.json` vouches for the files before it."""

SEALED = ("floors/*.json", "costs.json", "tuned.json")
"""Files beside a suite's runs that carry a hash of their own content."""

SUITE_FILES = (*SEALED, "data/*.json", "profile/*", "tune.csv", "suite.yaml")
EFFECTS_FILE = "machine_effects.csv"
EFFECTS_COLUMNS = ("run", "metric", "kept", "other", "difference", "kept_from", "other_from", "kept_on", "other_on")


@dataclass(frozen=True)
class FoundRun:
    """A finished run in one of the folders; `metrics` is empty where it failed or wasn't evaluated."""

    root: Path
    directory: Path
    record: Mapping[str, Any]
    metrics: Mapping[str, Any]

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

    def worth(self) -> tuple[bool, bool]:
        """Which of two runs with equal fingerprints is kept: first an evaluated one, then one that has its weights."""
        return bool(self.numbers()), encoder_was_kept(self.record)


@dataclass(frozen=True)
class Merged:
    """What a merge writes, or has written."""

    runs: list[FoundRun]
    suite_files: dict[Path, Path]
    effects: pd.DataFrame
    left_out: list[str]


def plan_merge(roots: Sequence[Path], out: Path) -> Merged:
    """Look through folders of results and decide what goes to `out`; nothing is written.

    Raises:
        InputError: a folder holds no results, a file isn't what its `run.json` vouches for, or two folders have other
            settings or other images under one name.
    """
    kept: dict[Path, FoundRun] = {}
    effects: list[dict[str, Any]] = []
    left_out: list[str] = []
    places = [out, *roots] if out.is_dir() else list(roots)  # a folder that was merged before is added to
    for root in places:
        found = list(_runs_in(root, left_out))
        if root != out and not found:
            raise InputError(f"{root}: no finished run below it; a folder such as `results` would be right")
        for run in found:
            first = kept.setdefault(run.place, run)
            if first is not run:
                _check_same(first, run)
                effects += _differences(first, run)
                if run.worth() > first.worth():
                    kept[run.place] = run
    suites = sorted({place.parts[0] for place in kept})
    files = {target: source for suite in suites for target, source in _suite_files(places, suite)}
    return Merged(list(kept.values()), files, pd.DataFrame(effects, columns=list(EFFECTS_COLUMNS)), left_out)


def only_evaluated(merged: Merged) -> Merged:
    """The merge without runs that were trained but not evaluated, for an archive: their evaluation needs weights."""
    lacking = [run for run in merged.runs if run.record["status"] == "done" and not run.numbers()]
    said = [f"{run.directory}: not evaluated yet, which needs its weights" for run in lacking]
    runs = [run for run in merged.runs if run not in lacking]
    return replace(merged, runs=runs, left_out=[*merged.left_out, *said])


def write_merged(merged: Merged, out: Path, *, encoders: bool = True) -> None:
    """Copy everything that isn't in `out` yet. Files of a suite come before its runs, as if made in this order.

    Without `encoders`, the weights, `out` is an archive, from which tables and report can be made again.
    """
    for target, source in merged.suite_files.items():
        _copy(source, out / target)
    for run in merged.runs:
        if run.root == out:
            continue
        target = out / run.place
        (target / "run.json").unlink(missing_ok=True)
        for name in RUN_FILES if encoders else RUN_FILES[1:-1]:
            if (run.directory / name).exists():
                _copy(run.directory / name, target / name)
        if not encoders:
            write_json(target / "run.json", without_encoder(run.record))
            continue
        if run.record.get("replicate", 1) == 1:
            write_json(out / POINTERS / f"{run.record['fingerprint']}.json", {"directory": run.place.as_posix()})


def _runs_in(root: Path, left_out: list[str]) -> Iterator[FoundRun]:
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
    metrics = _vouched_for(path)
    if record["status"] == "done" and metrics.get("data_sha256", record["data"]["sha256"]) != record["data"]["sha256"]:
        raise InputError(f"{path}: is about other images than the run.json beside it; remove it and evaluate again")
    return metrics


def _vouched_for(path: Path) -> dict[str, Any]:
    """The content of a JSON file with a hash of itself. Raises `InputError` if that is wrong or missing."""
    content = read_mapping(path)
    if not is_vouched_for(content):
        raise InputError(f"{path}: changed after it was written, or without a hash; put it back, or remove it")
    return content


def check_inside(root: Path, path: Path) -> None:
    """Raise `InputError` where a link leads out of a folder of results."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{path}: a link out of {root}; put the files themselves there, or remove it")


def _check_same(first: FoundRun, second: FoundRun) -> None:
    ours, theirs = first.record, second.record
    settings, images = ours["fingerprint"] == theirs["fingerprint"], ours["data"]["sha256"] == theirs["data"]["sha256"]
    if not (settings and images):
        raise InputError(
            f"{second.directory}: has other {'images' if settings else 'settings'} than {first.directory}; "
            "merge results of one version of a suite"
        )


def _differences(first: FoundRun, second: FoundRun) -> Iterator[dict[str, Any]]:
    """One row for each number that differs between two runs with equal fingerprints, evaluated alike."""
    if first.metrics.get("evaluation_fingerprint") != second.metrics.get("evaluation_fingerprint"):
        return
    ours, theirs = first.numbers(), second.numbers()
    for name in ours:
        if name in theirs and ours[name] != theirs[name]:
            yield {
                "run": str(first.place),
                "metric": name,
                "kept": ours[name],
                "other": theirs[name],
                "difference": theirs[name] - ours[name],
                "kept_from": str(first.root),
                "other_from": str(second.root),
                "kept_on": measured_on(first.record),
                "other_on": measured_on(second.record),
            }


def _suite_files(roots: Sequence[Path], suite: str) -> Iterator[tuple[Path, Path]]:
    """The files beside a suite's runs, each from the first folder that has it."""
    first: dict[Path, Path] = {}
    for root in roots:
        for pattern in SUITE_FILES:
            for path in sorted((root / suite).glob(pattern)):
                place = path.relative_to(root)
                check_inside(root, path)
                check_regular(path, "an ordinary file would be right")
                if pattern in SEALED:
                    _vouched_for(path)
                if first.setdefault(place, path) != path:
                    _check_equal_files(first[place], path)
    yield from first.items()


def _check_equal_files(first: Path, second: Path) -> None:
    if first.parent.name == "data" and read_mapping(first).get("sha256") != read_mapping(second).get("sha256"):
        raise InputError(f"{second}: describes other images than {first}; their results can't be compared")
    searched = first.name in ("tuned.json", "tune.csv")
    if searched and first.read_bytes() != second.read_bytes():
        raise InputError(f"{second}: another search than {first}; runs whose settings differ can't be compared")
    unequal = first.name == "suite.yaml" and first.read_bytes() != second.read_bytes()
    if unequal and load_suite(first) != load_suite(second):  # other comments are no other suite
        raise InputError(f"{second}: another suite than {first}; merge results of one version of a suite")


def _copy(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        write_atomically(target, lambda temporary: _copy_content(source, temporary))


def _copy_content(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
