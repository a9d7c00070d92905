"""A finished run isn't trained again, and serves every suite that asks for the same: the vanilla arm is trained once.

Runs are found by fingerprint through one small pointer file each. A repeated seed is never shared: that it is trained
again is its point.
"""

import shutil
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import read_mapping, write_atomically, write_json
from moco_bench.suite.record import read_record
from moco_bench.suite.runs import Run

POINTERS = ".finished"
FILES = ("encoder.safetensors", "history.csv", "resources.json")


def is_finished(run: Run, data_sha256: str, results: Path) -> bool:
    """Whether the run's own files are there, whole and of these settings and data; a failed run is finished too."""
    return _finished_in(run.directory(results), run, data_sha256) is not None


def note_finished(run: Run, results: Path) -> None:
    """Let other suites find a finished run."""
    if run.replicate == 1:
        write_json(_pointer(run, results), {"directory": str(run.directory(results).relative_to(results))})


def reuse_finished(run: Run, data_sha256: str, results: Path) -> bool:
    """Take over the files of a finished run with the same fingerprint and the same data, if another suite has one."""
    if run.replicate > 1:
        return False
    try:
        source = results / str(read_mapping(_pointer(run, results)).get("directory"))
    except InputError:
        return False
    target = run.directory(results)
    record = _finished_in(source, run, data_sha256)
    if record is None or record["status"] != "done" or source == target:
        return False
    (target / "run.json").unlink(missing_ok=True)  # it vouches for the files beside it
    for name in FILES:
        _copy(source / name, target / name)
    shared_from = record.get("shared_from") or str(source.relative_to(results))
    names = {"suite": run.suite, "arm": run.arm, "dataset": run.dataset.title, "encoder": run.encoder.title}
    names["budget"] = run.budget
    write_json(target / "run.json", {**record, **names, "shared_from": shared_from})
    return True


def _finished_in(directory: Path, run: Run, data_sha256: str) -> dict[str, Any] | None:
    try:
        record = read_record(directory / "run.json")
    except InputError:
        return None
    same = record["fingerprint"] == run.fingerprint and record["data"]["sha256"] == data_sha256
    return record if same and all((directory / name).exists() for name in FILES) else None


def _pointer(run: Run, results: Path) -> Path:
    return results / POINTERS / f"{run.fingerprint}.json"


def _copy(source: Path, target: Path) -> None:
    """Never a link: Snakemake touches what a job has made, and the other suite's file would look new to its rules."""
    write_atomically(target, lambda temporary: _copy_content(source, temporary))


def _copy_content(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
