"""Shares finished runs: a run isn't trained again, and serves every suite that asks for the same run."""

import shutil
from functools import partial
from pathlib import Path

from moco_bench.errors import InputError
from moco_bench.files import sealed, write_atomically, write_json
from moco_bench.suite.on_disk.finished import lender, pointer, whole_record
from moco_bench.suite.on_disk.hashes import (
    ENCODER,
    RESULT_FILES,
    WITHOUT_ENCODER,
    damage,
    describe_files,
    encoder_was_kept,
)
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.runs import Run


def is_finished(run: Run, data_sha256: str, results: Path) -> bool:
    """Whether the run's own files exist and match its settings and data; a failed run is finished, too."""
    return whole_record(run.directory(results), run, data_sha256) is not None


def note_finished(run: Run, results: Path) -> None:
    """Let other suites find a finished run."""
    if run.replicate == 1:
        write_json(pointer(run, results), {"directory": str(run.directory(results).relative_to(results))})


def reuse_finished(run: Run, data_sha256: str, results: Path) -> bool:
    """Take over the files of a finished run with the same fingerprint and the same data, if another suite has one.

    What is copied is hashed on its way: files that their `run.json` doesn't vouch for spread no further. An archived
    run, whose weights were not kept, lends its metrics as well.
    """
    source = lender(run, data_sha256, results)
    if source is None:
        return False
    target = run.directory(results)
    try:
        record = read_record(source / "run.json")
    except InputError:  # gone since
        return False
    for name in ("run.json", "metrics.json", ENCODER):  # the first two vouch for the files beside them
        (target / name).unlink(missing_ok=True)
    names = RESULT_FILES if encoder_was_kept(record) else (*WITHOUT_ENCODER, "metrics.json")
    for name in names:  # copied, never linked: changes in one suite must not affect another
        write_atomically(target / name, partial(shutil.copyfile, source / name))
    if damage(target, record, whole=True):
        return False
    copied = describe_files(target, (name for name in RESULT_FILES if name in names))
    shared = {
        "shared_from": record.get("shared_from") or str(source.relative_to(results)),
        "files": {**record["files"], **copied},
    }
    write_json(target / "run.json", sealed({**record, **run.names, **shared}))
    return True
