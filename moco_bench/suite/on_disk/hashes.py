"""Whether a run's files still match the hashes in its `run.json`.

`run.json` is written last and holds the hash of each file beside it and of itself; `metrics.json`, which comes later,
holds its own. A small file is hashed whenever somebody asks. A large one is hashed where its size or time stamp isn't
the recorded one, as after a copy, and whenever another suite takes it over.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moco_bench.files import sealed, sha256_of_file

RESULT_FILES = ("encoder.safetensors", "history.csv", "resources.json")
"""Files beside `run.json` after a run was trained."""

ENCODER = "encoder.safetensors"
WITHOUT_ENCODER = tuple(name for name in RESULT_FILES if name != ENCODER)
"""What an archive holds of them."""

LARGE = 256 * 1024
"""For files above this many bytes, an unchanged time stamp is trusted."""


def describe_files(directory: Path, names: Iterable[str] = RESULT_FILES) -> dict[str, dict[str, Any]]:
    """Size, time stamp and hash of each file, in the format of `run.json`."""
    return {name: _describe(directory / name) for name in names}


def encoder_was_kept(record: Mapping[str, Any]) -> bool:
    """Whether a run's weights should lie beside its `run.json`; an archive leaves them out and says so there."""
    files = record.get("files")
    known = files.get(ENCODER) if isinstance(files, Mapping) else None
    return not isinstance(known, Mapping) or known.get("kept") is not False


def without_encoder(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a run for an archive: unchanged, except that its weights are marked as not kept."""
    files = {name: {**known, "kept": False} if name == ENCODER else known for name, known in record["files"].items()}
    return sealed({**record, "files": files})


def damage(directory: Path, record: Mapping[str, Any], *, whole: bool = False) -> str:
    """What is wrong with the files beside a `run.json`, in a few words that begin with a name; empty if nothing is.

    A result without a hash in the run's `record` is not trusted. With `whole`, large files are hashed too, whatever
    their time stamps say.
    """
    described = record.get("files")
    if not isinstance(described, dict):
        return "run.json has no hashes of the files beside it"
    unseen = next((name for name in RESULT_FILES if name not in described), None)
    if unseen is not None:
        return f"run.json has no hash of {unseen}"
    there = {name: known for name, known in described.items() if name != ENCODER or encoder_was_kept(record)}
    return changed_files(directory, there, whole=whole)


def changed_files(directory: Path, described: Mapping[str, Any], *, whole: bool = False) -> str:
    """As `damage`, for the files that `described` names."""
    for name, known in described.items():
        try:
            path = directory / Path(name).name
            status = path.stat()
        except (OSError, ValueError):
            return f"{name} is missing"
        if not isinstance(known, dict) or status.st_size != known.get("bytes"):
            return f"{name} was changed after the run"
        stamped = status.st_size > LARGE and status.st_mtime_ns == known.get("mtime_ns")
        if (whole or not stamped) and sha256_of_file(path) != known.get("sha256"):
            return f"{name} was changed after the run"
    return ""


def _describe(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256_of_file(path)}
