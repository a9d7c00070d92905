"""Merges the results of several machines into one folder; runs with equal fingerprints are one run.

Every file is checked before anything is written (`found_runs.py`); floors, costs and choices by the hash that each
carries. Where two folders have a run or baselines with equal fingerprints, the first one's files are kept; unequal
numbers, or a run that failed where the other did not, are an effect of the machine, and are listed.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from moco_bench.analyse.found_runs import RUN_FILES, FoundRun, check_inside, check_unedited, runs_in, vouched_for
from moco_bench.analyse.machines import measured_on
from moco_bench.analyse.mergeable import check_equal_files
from moco_bench.analyse.settings import flat
from moco_bench.analyse.table import table_of_text
from moco_bench.errors import InputError
from moco_bench.files import check_regular, read_mapping, write_atomically, write_json
from moco_bench.suite.on_disk.finished import POINTERS
from moco_bench.suite.on_disk.hashes import without_encoder
from moco_bench.suite.on_disk.made import MANIFESTS, SEALED

SUITE_FILES = (*SEALED, MANIFESTS, "profile/*", "tune.csv", "suite.yaml")
PROFILE = "profile/profile.json"
"""The last file of a profile."""
EFFECTS_FILE = "machine_effects.csv"
EFFECTS_COLUMNS = ("run", "metric", "kept", "other", "difference", "kept_from", "other_from", "kept_on", "other_on")


@dataclass(frozen=True)
class Merged:
    """What a merge writes, or has written."""

    runs: list[FoundRun]
    suite_files: dict[Path, Path]
    effects: pd.DataFrame
    left_out: list[str]
    notes: list[str] = field(default_factory=list)


def plan_merge(roots: Sequence[Path], out: Path) -> Merged:
    """Look through folders of results and decide what goes to `out`; nothing is written.

    Raises:
        InputError: a folder holds no results, a file isn't what its `run.json` vouches for, or two folders have other
            settings or other images under one name.
    """
    kept: dict[Path, FoundRun] = {}
    effects: list[dict[str, Any]] = []
    left_out: list[str] = []
    notes: list[str] = []
    places = [out, *roots] if out.is_dir() else list(roots)  # a folder that was merged before is added to
    for root in places:
        found = list(runs_in(root, left_out))
        if root != out and not found:
            raise InputError(f"{root}: no finished run below it; a folder such as `results` would be right")
        for run in found:
            first = kept.setdefault(run.place, run)
            if first is not run:
                _check_same(first, run)
                kept[run.place] = first.or_else(run)
                firsts = (first, run) if kept[run.place].record is first.record else (run, first)
                effects += _differences(*firsts)
                notes += _other_evaluation(first, run, kept[run.place])
    suites = sorted({place.parts[0] for place in kept})
    files = {target: source for suite in suites for target, source in _suite_files(places, suite)}
    effects += [row for suite in suites for row in _unequal_floors(places, suite)]
    table = pd.DataFrame([*_effects_of_before(places, suites), *effects], columns=list(EFFECTS_COLUMNS))
    table = table.drop_duplicates(["run", "metric", "kept", "other"], ignore_index=True)  # merged again
    return Merged(list(kept.values()), files, table, left_out, notes)


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
        target = out / run.place
        if run.evaluated_in:
            _copy(run.evaluated_in / "metrics.json", target / "metrics.json")
        if run.root == out:
            continue
        (target / "run.json").unlink(missing_ok=True)
        for name in RUN_FILES if encoders else RUN_FILES[1:-1]:
            if (run.directory / name).exists():
                _copy(run.directory / name, target / name, run.record["files"].get(name))
        if not encoders:
            write_json(target / "run.json", without_encoder(run.record))
            continue
        if run.record.get("replicate", 1) == 1:
            write_json(out / POINTERS / f"{run.record['fingerprint']}.json", {"directory": run.place.as_posix()})


def _check_same(first: FoundRun, second: FoundRun) -> None:
    ours, theirs = first.record, second.record
    settings, images = ours["fingerprint"] == theirs["fingerprint"], ours["data"]["sha256"] == theirs["data"]["sha256"]
    if not (settings and images):
        raise InputError(
            f"{second.directory}: has other {'images' if settings else 'settings'} than {first.directory}; "
            "merge results of one version of a suite"
        )


def _differences(first: FoundRun, second: FoundRun) -> Iterator[dict[str, Any]]:
    """One row for each number that differs between two runs of one fingerprint, evaluated alike, or for the status."""
    places = {
        "kept_from": str(first.root),
        "other_from": str(second.root),
        "kept_on": measured_on(first.record),
        "other_on": measured_on(second.record),
    }
    ended = [run.record["status"] for run in (first, second)]
    if ended[0] != ended[1]:
        status = {"run": str(first.place), "metric": "status", "kept": ended[0], "other": ended[1], "difference": None}
        yield {**status, **places}
    if first.metrics.get("evaluation_fingerprint") != second.metrics.get("evaluation_fingerprint"):
        return
    for name, numbers in _unequal(first.numbers(), second.numbers()):
        yield {"run": str(first.place), "metric": name, **numbers, **places}


def _other_evaluation(first: FoundRun, second: FoundRun, kept: FoundRun) -> Iterator[str]:
    """A line on two runs that were evaluated with unequal settings: only one evaluation is kept."""
    asked = [run.metrics.get("evaluation_fingerprint") for run in (first, second)]
    if first.metrics and second.metrics and asked[0] != asked[1]:
        place = kept.evaluated_in or kept.directory
        yield (
            f"{second.directory}: evaluated with other settings than {first.directory}; the evaluation in {place} is "
            "kept, and `moco-bench plan` says whether it is the suite's"
        )


def _unequal_floors(roots: Sequence[Path], suite: str) -> Iterator[dict[str, Any]]:
    """One row for each accuracy of a baseline that a later folder has otherwise, from the same images and settings."""
    firsts: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for root in roots:
        for path in sorted((root / suite / "floors").glob("*.json")):
            found = read_mapping(path)
            kept_from, kept = firsts.setdefault(path.name, (root, found))
            if any(kept.get(name) != found.get(name) for name in ("fingerprint", "data_sha256")):
                continue
            for name, numbers in _unequal(flat(kept), flat(found)):
                baseline, _, metric = name.rpartition(".")
                row = {"run": f"{suite}/floors/{path.name}: {baseline}", "metric": metric, **numbers}
                yield {**row, "kept_from": str(kept_from), "other_from": str(root), "kept_on": "", "other_on": ""}


def _unequal(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each number that both have and that differs, as it is written."""
    for name in ours:
        pair = ours[name], theirs.get(name)
        if all(isinstance(number, float) for number in pair) and pair[0] != pair[1]:
            kept, other = (_plain(f"{number:.10g}") for number in pair)
            yield name, {"kept": kept, "other": other, "difference": pair[1] - pair[0]}


def _effects_of_before(roots: Sequence[Path], suites: Sequence[str]) -> list[dict[str, Any]]:
    """What earlier merges listed, in any of the folders: their other runs are in none of them.

    Raises:
        InputError: a list can't be read.
    """
    rows: list[dict[str, Any]] = []
    for path in (root / suite / EFFECTS_FILE for root in roots for suite in suites):
        if not path.exists():
            continue
        check_regular(path, "an ordinary file would be right")
        found = table_of_text(path)
        if found is None or not set(EFFECTS_COLUMNS) <= set(found.columns):
            raise InputError(f"{path}: not the table that `moco-bench merge` writes; put it back, or remove it")
        rows += [{name: _plain(row[name]) for name in EFFECTS_COLUMNS} for row in found.to_dict("records")]
    return rows


def _plain(text: str) -> float | str | None:
    """A cell's number, or its text; None where it is empty."""
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _suite_files(roots: Sequence[Path], suite: str) -> Iterator[tuple[Path, Path]]:
    """The files beside a suite's runs, each from the first folder that has it; a finished profile as a whole."""
    first: dict[Path, Path] = {}
    profiled = next((root for root in roots if (root / suite / PROFILE).is_file()), None)  # one machine's, as a whole
    for root in roots:
        for pattern in SUITE_FILES:
            for path in sorted((root / suite).glob(pattern)):
                place = path.relative_to(root)
                check_inside(root, path)
                check_regular(path, "an ordinary file would be right")
                if pattern in SEALED:
                    vouched_for(path)
                if pattern == MANIFESTS:
                    check_unedited(path)
                if pattern == "profile/*" and root != profiled:
                    continue
                if first.setdefault(place, path) != path:
                    check_equal_files(first[place], path)
    yield from first.items()


def _copy(source: Path, target: Path, described: Any = None) -> None:
    """Copy a file, which was just hashed, and give it the time stamp in its record: plans then trust it as they did."""
    if source.resolve() == target.resolve():
        return
    write_atomically(target, partial(shutil.copyfile, source))
    stamp = described.get("mtime_ns") if isinstance(described, Mapping) else None
    if isinstance(stamp, int):
        with suppress(OSError, OverflowError):  # it only saves the time of hashing a large file again
            os.utime(target, ns=(stamp, stamp))
