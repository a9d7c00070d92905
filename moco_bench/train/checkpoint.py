"""Checkpoints that survive a power cut and never resume the wrong run.

A file is a sha256 of its payload, then the payload (`torch.save`, loaded with `weights_only=True`). It is written
under a temporary name, flushed and renamed, and the one before is kept: at any moment at least one whole checkpoint
is on disk. What a checkpoint belongs to (fingerprint, data, precision) travels in it and is compared before it is used.
"""

import hashlib
import io
import os
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from moco_bench.files import write_atomically

LAYOUT = "1"
"""Raised when the content of checkpoints changes: one of another layout is set aside, not misread."""

LATEST, PREVIOUS = "latest.ckpt", "previous.ckpt"
_DIGEST_BYTES = hashlib.sha256().digest_size


class DamagedCheckpoint(Exception):
    """The file is not what was written: truncated, altered, or not a checkpoint."""


def save_checkpoint(folder: Path, belongs_to: dict[str, str], state: dict[str, Any]) -> None:
    """Write a checkpoint atomically and keep the one before it."""
    buffer = io.BytesIO()
    torch.save({"belongs_to": belongs_to, "state": state}, buffer)
    payload = buffer.getbuffer()
    digest = hashlib.sha256(payload).digest()

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as handle:
            handle.write(digest)
            handle.write(payload)

    write_atomically(folder / LATEST, write, keep=folder / PREVIOUS)


def load_checkpoint(folder: Path, belongs_to: dict[str, str]) -> dict[str, Any] | None:
    """The state of the newest usable checkpoint, on the CPU, or None.

    A checkpoint that is damaged or belongs to another run is set aside under another name, with a warning, and the
    previous one is tried.

    Raises:
        OSError: a checkpoint can't be read; it may be whole, so it isn't set aside.
    """
    for path in (folder / LATEST, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            content = read_checkpoint(path)
        except DamagedCheckpoint as error:
            _set_aside(path, str(error))
            continue
        differences = list(_differences(content["belongs_to"], belongs_to))
        if differences:
            _set_aside(path, f"it belongs to another run ({', '.join(differences)})")
            continue
        state: dict[str, Any] = content["state"]
        return state
    return None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint file, on the CPU. Raises `DamagedCheckpoint` and `OSError`.

    Whoever loads it copies it to where it belongs. An optimiser leaves its counts of steps where they are, and AdamW
    would wait for each of them in every step if that were a GPU.
    """
    raw = path.read_bytes()
    digest, payload = raw[:_DIGEST_BYTES], memoryview(raw)[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        raise DamagedCheckpoint("its checksum does not fit its content")
    try:
        content = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError):
        raise DamagedCheckpoint("not a checkpoint") from None
    if not isinstance(content, dict) or set(content) != {"belongs_to", "state"}:
        raise DamagedCheckpoint("not a checkpoint")
    return content


def _differences(found: dict[str, str], wanted: dict[str, str]) -> Iterator[str]:
    for name in sorted(set(found) | set(wanted)):
        if found.get(name) != wanted.get(name):
            yield f"{name} {str(found.get(name))[:12]}, not {str(wanted.get(name))[:12]}"


def _set_aside(path: Path, why: str) -> None:
    number = 1
    while (aside := path.with_name(f"{path.stem}.aside-{number}")).exists():
        number += 1
    os.replace(path, aside)
    warnings.warn(f"checkpoint {path} set aside as {aside.name}: {why}", stacklevel=3)
