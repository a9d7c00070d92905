"""Finished runs by fingerprint, which suites share: one small pointer file per run.

A repeated seed is never shared: that it is trained again is its point.
"""

from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import is_vouched_for, mapping_if_any
from moco_bench.suite.on_disk.hashes import RESULT_FILES, WITHOUT_ENCODER, damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.runs import Run

POINTERS = ".finished"


def pointer(run: Run, results: Path) -> Path:
    """The file that names the folder of a finished run with this fingerprint."""
    return results / POINTERS / f"{run.fingerprint}.json"


def lender(run: Run, data_sha256: str | None, results: Path) -> Path | None:
    """The folder of a finished run whose files `run` can take over; None if there is none.

    `data_sha256` is that of its images, where they are known. A pointer that leads out of `results` is not followed.
    """
    named = None if run.replicate > 1 else mapping_if_any(pointer(run, results)).get("directory")
    if named is None:
        return None
    try:
        source = results / str(named)
        inside = source.resolve().is_relative_to(results.resolve())
    except (OSError, ValueError):
        return None
    if source == run.directory(results) or not inside:
        return None
    record = whole_record(source, run, data_sha256)
    return source if record is not None and record["status"] == "done" else None


def whole_record(directory: Path, run: Run, data_sha256: str | None) -> dict[str, Any] | None:
    """The record of a run with these settings and data, if its files exist and match it; else None.

    In an archive the weights may be missing, if the run was evaluated as `run` asks: nothing needs them any more.
    """
    try:
        record = read_record(directory / "run.json")
    except InputError:
        return None
    same = record["fingerprint"] == run.fingerprint and data_sha256 in (None, record["data"]["sha256"])
    needed = RESULT_FILES if encoder_was_kept(record) or not _is_evaluated(directory, run) else WITHOUT_ENCODER
    there = same and all((directory / name).exists() for name in needed)
    return record if there and not damage(directory, record) else None


def _is_evaluated(directory: Path, run: Run) -> bool:
    metrics = mapping_if_any(directory / "metrics.json")
    return is_vouched_for(metrics) and metrics.get("evaluation_fingerprint") == run.evaluation_fingerprint
