"""Reads `run.json`, as far as other commands rely on it."""

import re
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import SEAL, read_mapping, seal_is_broken


def read_record(path: Path) -> dict[str, Any]:
    """Read a `run.json`, and check fingerprint, status, data and hashes; files are named by the fingerprint.

    Raises:
        InputError: it is missing, unreadable, changed since it was written, or not a run's record.
    """
    record = read_mapping(path)
    if seal_is_broken(record):
        raise InputError(
            f"{path}: run.json was changed after the run; put it back, or remove it and train the run again"
        )
    whole = (
        SEAL in record
        and re.fullmatch("[0-9a-f]{64}", str(record.get("fingerprint"))) is not None
        and record.get("status") in ("done", "failed")
        and "reason" in record
        and all(isinstance(record.get(name), dict) for name in ("config", "data", "hashes"))
        and isinstance(record["data"].get("sha256"), str)
    )
    if not whole:
        raise InputError(f"{path}: not a run's record; remove it and run `pretrain` again")
    return record
