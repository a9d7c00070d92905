"""The error that ended the last attempt at a run: stored beside the checkpoints until the next attempt begins.

A run that dies for good leaves neither `run.json` nor a process to ask, and its reason belongs into the table of runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from moco_bench.errors import InputError, one_line, system_error
from moco_bench.files import mapping_if_any, write_json

LAST_ERROR = "error.json"


@contextmanager
def noting_last_error(checkpoints: Path, fingerprint: str) -> Iterator[None]:
    """Delete the previous attempt's error; if the body raises, record the error and re-raise it.

    The caller holds the lock of `checkpoints`.
    """
    (checkpoints / LAST_ERROR).unlink(missing_ok=True)
    try:
        yield
    except Exception as error:  # not of an interruption: the same command goes on from there
        with suppress(OSError):  # of a full disk, say, which is then the error being raised
            write_json(checkpoints / LAST_ERROR, {"fingerprint": fingerprint, "reason": _in_words(error)})
        raise


def last_error(checkpoints: Path, fingerprint: str) -> str | None:
    """The error that ended the last attempt at the run with this fingerprint; None if none is known."""
    noted = mapping_if_any(checkpoints / LAST_ERROR)
    reason = noted.get("reason")
    return one_line(reason) if noted.get("fingerprint") == fingerprint and isinstance(reason, str) else None


def _in_words(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError):  # as the command line puts it
        return system_error(error)
    return one_line(f"{type(error).__name__}: {error}")
