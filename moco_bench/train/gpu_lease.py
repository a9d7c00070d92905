"""One run, one GPU: a lock file a physical device, because a workflow engine counts GPUs but doesn't hand them out.

A device chosen from outside (`--device`, `train.device: cuda:1`, or CUDA_VISIBLE_DEVICES as Slurm sets it) is taken as
it is. Untested on real GPUs; tested with pretended devices.

A device is held until the process ends, not until its work does: the memory that CUDA has taken is given back only
then, and a run that began before would find a device that is half full.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from filelock import FileLock, Timeout

POLL_SECONDS = 1.0

_held: dict[Path, FileLock] = {}
"""This process's devices, by lock file. The kernel frees them when it ends, however it ends."""

_at_work: set[Path] = set()
"""Those of them that are in use now."""


@contextmanager
def leased_device(
    requested: str,
    *,
    environment: Mapping[str, str] = os.environ,
    physical: Sequence[str] | None = None,
    folder: Path | None = None,
) -> Iterator[str]:
    """Have a device to oneself within the context; wait, if need be, until one is free.

    Other processes don't get it before this one ends; a later context of this process does.

    Args:
        requested: `auto`, `cpu`, `cuda` or `cuda:N`.
        environment: where CUDA_VISIBLE_DEVICES is looked up.
        physical: names of the machine's devices, one a CUDA ordinal; asked of the driver by default.
        folder: of the lock files; the machine's temporary folder by default, so that all users' runs see them.

    Yields:
        The device to compute on, such as `cpu` or `cuda:0`.
    """
    physical = _physical_devices() if physical is None else physical
    chosen_outside = requested not in ("auto", "cuda") or bool(environment.get("CUDA_VISIBLE_DEVICES"))
    if chosen_outside or not physical:
        yield requested
        return
    folder = folder or Path(tempfile.gettempdir()) / "moco-bench-gpu-leases"
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):  # somebody else's, who opened it to all
        folder.chmod(0o777)
    paths = [folder / f"{name}.lock" for name in physical]
    ordinal = _first_free(paths)
    _at_work.add(paths[ordinal])
    try:
        yield f"cuda:{ordinal}"
    finally:
        _at_work.discard(paths[ordinal])


def _first_free(paths: Sequence[Path]) -> int:
    for ordinal, path in enumerate(paths):
        if path in _held and path not in _at_work:
            return ordinal
    while True:
        for ordinal, path in enumerate(paths):
            if path in _held:
                continue
            lock = FileLock(path, mode=0o666)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            _held[path] = lock
            return ordinal
        time.sleep(POLL_SECONDS)


def _physical_devices() -> list[str]:
    if not torch.cuda.is_available():
        return []
    return [str(torch.cuda.get_device_properties(index).uuid) for index in range(torch.cuda.device_count())]
