"""One run per GPU: a lock file per physical device, because a workflow engine counts GPUs but doesn't assign them.

A device chosen from outside is taken as it is: by `--device`, by `train.device: cuda:1`, or by CUDA_VISIBLE_DEVICES, as
Slurm sets it, where that leaves no more devices than a run asks for. Where it leaves more, runs lease among them.
Untested on real GPUs; tested with pretended devices.

A suite may let several small runs share a card (`train.runs_per_gpu`). They share the lock of the card, and each has a
place of its own; a run that wants a card for itself waits until all of them have ended.

A device is held until the process ends, not until its work does: the memory that CUDA has taken is given back only
then, and a run that began before would find a device that is half full.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

POLL_SECONDS = 1.0

FOLDER = Path(tempfile.gettempdir()) / "moco-bench-gpu-leases"
"""Of the lock files: all users' runs see them there."""

_held: dict[Path, tuple[int, ...]] = {}
"""This process's devices by lock file, with its open files, which the kernel frees when the process ends."""

_at_work: set[Path] = set()
"""Devices of `_held` that are in use now."""


@contextmanager
def leased_device(requested: str, *, runs_per_gpu: int = 1) -> Iterator[str]:
    """Lease a device within the context, alone or as one of `runs_per_gpu`; wait until one is free.

    Other processes don't get it before this one ends; a later context of this process does. `requested` is `auto`,
    `cpu`, `cuda` or `cuda:N`.

    Yields:
        The device to compute on, such as `cpu` or `cuda:0`.
    """
    physical = _physical_devices()
    if _chosen_outside(requested, physical, 1) or not physical:
        yield requested
        return
    with _leased(physical, 1, runs_per_gpu) as (ordinal,):
        yield f"cuda:{ordinal}"


@contextmanager
def leased_devices(requested: str, count: int) -> Iterator[dict[str, str]]:
    """Lease `count` devices exclusively for the processes of one run: all at once, or none.

    Yields:
        What those processes need to have in their environment; nothing where devices were chosen outside, or where
        there are too few, which they say themselves.
    """
    physical = _physical_devices()
    if _chosen_outside(requested, physical, count) or len(physical) < count:
        yield {}
        return
    with _leased(physical, count, 1) as ordinals:
        # Ordinals count the devices that this process sees; the variable replaces the one that chose those.
        named = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = [name.strip() for name in named.split(",")] if named else [str(place) for place in range(len(physical))]
        yield {"CUDA_VISIBLE_DEVICES": ",".join(names[ordinal] for ordinal in ordinals)}


def _chosen_outside(requested: str, physical: Sequence[str], count: int) -> bool:
    narrowed = bool(os.environ.get("CUDA_VISIBLE_DEVICES")) and len(physical) <= count
    return requested not in ("auto", "cuda") or narrowed


@contextmanager
def _leased(physical: Sequence[str], count: int, runs: int) -> Iterator[list[int]]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):  # somebody else's, who opened it to all
        FOLDER.chmod(0o777)
    paths = [FOLDER / f"{name}.lock" for name in physical]
    while not (ordinals := _free(paths, count, runs)):
        time.sleep(POLL_SECONDS)
    taken = {paths[ordinal] for ordinal in ordinals}
    _at_work.update(taken)
    try:
        yield ordinals
    finally:
        _at_work.difference_update(taken)


def _free(paths: Sequence[Path], count: int, runs: int) -> list[int]:
    """Lease `count` devices and return their ordinals; none if there aren't enough."""
    ordinals = [place for place, path in enumerate(paths) if path in _held and path not in _at_work][:count]
    fresh: list[int] = []
    for place_on_card in range(runs):  # the first place of every card comes before the second of any
        for ordinal, path in enumerate(paths):
            if len(ordinals) + len(fresh) < count and path not in _held:
                files = _lock(path, place_on_card, runs)
                if files:
                    _held[path] = files
                    fresh.append(ordinal)
    if len(ordinals) + len(fresh) == count:
        return [*ordinals, *fresh]
    for ordinal in fresh:  # whoever waits holds nothing that others wait for
        for file in _held.pop(paths[ordinal]):
            os.close(file)
    return []


def _lock(path: Path, place: int, runs: int) -> tuple[int, ...]:
    """Lock a card, alone or as one of `runs`; descriptors of the locked files, none if it is taken."""
    wanted = [(path, fcntl.LOCK_EX if runs == 1 else fcntl.LOCK_SH)]
    if runs > 1:
        wanted.append((path.with_suffix(f".{place}.lock"), fcntl.LOCK_EX))
    files: list[int] = []
    for file, kind in wanted:
        files.append(os.open(file, os.O_RDWR | os.O_CREAT, 0o666))
        with suppress(OSError):  # somebody else's, who opened it to all
            os.fchmod(files[-1], 0o666)
        try:
            fcntl.flock(files[-1], kind | fcntl.LOCK_NB)
        except OSError:
            for opened in files:
                os.close(opened)
            return ()
    return tuple(files)


def _physical_devices() -> list[str]:
    """Names of the devices that this process sees, one per CUDA ordinal; other processes know them by the same ones."""
    if not torch.cuda.is_available():
        return []
    return [str(torch.cuda.get_device_properties(index).uuid) for index in range(torch.cuda.device_count())]
