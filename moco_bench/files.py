"""Reads and writes files so that a reader never sees an incomplete one."""

import csv
import errno
import glob
import hashlib
import io
import json
import math
import os
import platform
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from moco_bench.errors import InputError, one_line

_NO_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_NO_FOLDER_FLUSH = _NO_FLUSH | {errno.EBADF, errno.EISDIR, errno.EACCES, errno.EPERM}
"""Errors of file systems that can't flush; a disk that is full or failing raises others."""

_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
"""Distinguishes the processes of machines that share a file system, without host names in file names."""


def write_atomically(path: Path, write: Callable[[Path], object], *, keep: Path | None = None) -> None:
    """Let `write` fill a temporary file beside `path`, flush it to disk, then rename it over `path`.

    The directory is flushed too, so that the rename survives a power cut. On any error the temporary file is removed
    and what stood at `path` is untouched. Temporary files of writers that were killed are removed.

    The folder of `path` is made. What stood at `path` is renamed to `keep`, if that is given.

    Raises:
        OSError: the disk is full, a permission is missing, and the like; it names `path`.
        InputError: a folder above `path` is a link to nowhere.
    """
    check_link(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        temporary = path.with_name(f".{path.name}.{_HOST}.{os.getpid()}.tmp")
        try:
            write(temporary)
            _flush(temporary, os.O_RDWR)
            if keep is not None and path.exists():
                os.replace(path, keep)
            os.replace(temporary, path)
        finally:
            with suppress(OSError):  # of a disk that became read-only, say: the first error is the one to report
                temporary.unlink(missing_ok=True)
        _flush(path.parent, os.O_RDONLY)
    except OSError as error:  # it names no file or the temporary one
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content`, atomically."""
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows of values under the names of their columns as CSV, atomically; None becomes an empty field."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically. What UTF-8 doesn't have, half a character of somebody's file, is escaped."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def remove_temporary_files(folder: Path) -> None:
    """Remove what killed writers left in a folder, on whichever machine. The caller keeps other writers away."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files for `path` whose writers on this machine no longer exist."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.{_HOST}.*.tmp"):
        process = leftover.name.split(".")[-2]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            leftover.unlink(missing_ok=True)


def _flush(path: Path, flags: int) -> None:
    """Flush a file or folder to disk, where its file system can.

    Shared folders of virtual machines and some network file systems can't, and the content is whole without it.
    """
    try:
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in (_NO_FLUSH if path.is_file() else _NO_FOLDER_FLUSH):
            raise


def check_link(path: Path, where: str = "") -> None:
    """Raise `InputError` where a path or one of its parents is a dangling link: it can neither be read nor created."""
    for place in (path, *path.parents):
        if place.is_symlink() and not place.exists():
            raise InputError(
                f"{where}{place}: a link to {os.readlink(place)}, which is not there; "
                "make that folder, or remove the link"
            )


def check_folder(path: Path, where: str = "", remedy: str = "move it away, or choose another folder") -> None:
    """Raise `InputError` where a folder can't be, since it or a parent is a file or a dangling link."""
    check_link(path, where)
    there = next((place for place in (path, *path.parents) if place.exists()), None)
    if there is not None and not there.is_dir():
        raise InputError(f"{where}{there} is a file; a folder would be right: {remedy}")


def canonical_json(value: Any) -> str:
    """Canonical JSON, of which fingerprints are taken: equal for equal values; sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def sha256_of(value: Any) -> str:
    """The sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


SEAL = "content_sha256"
"""The key of a sealed mapping that holds the hash of all its other values."""


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with their own hash, so that a reader can tell whether one was changed by hand."""
    own = {key: value for key, value in values.items() if key != SEAL}
    return {**own, SEAL: sha256_of(own)}


def seal_is_broken(values: Mapping[str, Any]) -> bool:
    """Whether a sealed mapping has changed since it was sealed; False without a seal."""
    return SEAL in values and sealed(values)[SEAL] != values[SEAL]


def is_vouched_for(values: Mapping[str, Any]) -> bool:
    """Whether a mapping has a seal and has not changed since."""
    return SEAL in values and not seal_is_broken(values)


def check_regular(path: Path, needed: str) -> None:
    """Refuse anything but an ordinary file: a device or a pipe may never end. A missing file is left to the reader.

    Raises:
        InputError: a folder, a device, a pipe or a socket; `needed` says what would be right.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise InputError(f"{path}: {kind}; {needed}")


def ordinary(path: Path) -> Path:
    """The path itself, if it is an ordinary file or missing; for readers of tables of unknown origin.

    Raises:
        OSError: a device, a pipe or a folder, which readers would wait for or read for ever.
    """
    try:
        check_regular(path, "")
    except InputError:
        raise OSError(errno.EINVAL, "not an ordinary file", str(path)) from None
    return path


def sha256_of_file(path: Path) -> str:
    """The sha256 (hex) of a file's content. Raises `InputError` where it is a device or a pipe."""
    check_regular(path, "an ordinary file would be right")
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON, atomically. NaN and infinity are refused: JSON has neither."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


MAX_JSON_BYTES = 200_000_000
"""Ten times the largest file of a run or profile; text takes several times as much memory as on disk."""

MAX_JSON_DEPTH = 64
"""Levels of nesting: results have a handful, and Python's own functions fail at some hundreds."""

MAX_DIGITS = 308
"""Digits of a whole number: one of more is no float."""


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing, unreadable, no ordinary file, larger than `MAX_JSON_BYTES`, nested more than
            `MAX_JSON_DEPTH` deep, not JSON, or holds NaN or infinity, which JSON doesn't have, or a number that is too
            large for a float.
    """
    check_regular(path, "a JSON file would be right")
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise InputError(f"{path}: larger than {MAX_JSON_BYTES:,} bytes; results hold no JSON files of that size")
        text = path.read_text(encoding="utf-8")
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole)
        if text.count("[") + text.count("{") > MAX_JSON_DEPTH and _is_deep(value):
            raise RecursionError
        return value
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except RecursionError:
        raise InputError(f"{path}: not readable as JSON (nested too deeply)") from None
    except (OSError, ValueError) as error:  # what is wrong with text, with JSON and with a number is a ValueError
        raise InputError(f"{path}: not readable as JSON ({one_line(error)[:200]})") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds a mapping. Raises `InputError` where it doesn't, or as `read_json` does."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path}: holds a {type(value).__name__}; a mapping would be right")
    return value


def mapping_if_any(path: Path) -> dict[str, Any]:
    """As `read_mapping`; empty where it raises. Often the file is missing: that is found out without an exception."""
    try:
        return read_mapping(path) if os.path.exists(path) else {}
    except InputError:
        return {}


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large for a number")
    return number


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"{digits[:40]}... is too large for a number")
    return int(digits)


def _is_deep(value: Any) -> bool:
    """Whether more than `MAX_JSON_DEPTH` lists and mappings lie within each other."""
    level, depth = [value], 0
    while level := [each for each in level if isinstance(each, (dict, list))]:
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        depth += 1
        if depth > MAX_JSON_DEPTH:
            return True
    return False
