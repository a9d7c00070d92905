"""Stores decoded images in files.

A shard counts only if its own hash is right: a damaged one is made again, and what was decoded before a kill isn't
decoded again. No more than a few images are in memory at a time.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import numpy as np
import PIL
import torch

from moco_bench.data.decoding import BrokenFiles, Decoded, decode_all
from moco_bench.data.origin import Remark, Sides, remarks, sides_of
from moco_bench.errors import InputError
from moco_bench.files import read_mapping, sha256_of, sha256_of_file, write_atomically, write_json
from moco_bench.locks import Lock
from moco_bench.measure.quota import usable_cores

VERSION = (2, PIL.__version__, torch.__version__)
"""Version of an entry's layout, and of the libraries that turn files into pixels."""


SHARD_BYTES = 2**29
"""Maximum bytes of images per shard. A process has every shard open, and a thousand open files are the usual limit."""


@dataclass(frozen=True)
class Shard:
    """A file of images, and facts about them."""

    file: Path
    sides: Sides
    changed: tuple[Remark, ...]


class Summary:
    """Facts about images beyond their pixels, collected image by image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: set[tuple[int, int]] = set()
        self._changed: list[tuple[str, str]] = []

    def add(self, file: Path, image: Decoded) -> None:
        """Add one image."""
        self._sizes.add((image.height, image.width))
        self._changed += [(what, file.relative_to(self._folder.parent).as_posix()) for what in image.changed]

    @property
    def sides(self) -> Sides:
        """Smallest and largest sides."""
        return sides_of(self._sizes)

    @property
    def changed(self) -> tuple[Remark, ...]:
        """Remarks on how images were changed."""
        return remarks(self._changed)


def rows_of_a_shard(size: int) -> int:
    """Number of images per shard, except the last, for images of this side."""
    return max(1, SHARD_BYTES // (3 * size * size))


def shards_of(files: list[Path], size: int) -> list[list[Path]]:
    """The files of each shard's images."""
    rows = rows_of_a_shard(size)
    return [files[start : start + rows] for start in range(0, len(files), rows)]


def stamp_of(files: list[Path], size: int) -> tuple[str, float]:
    """A hash that changes whenever a file is written, moved or replaced, and the time of the last such change."""
    known: list[object] = [VERSION, size]
    newest = 0.0
    for file in files:
        status = file.stat()
        # Nobody sets the time of the last change of a file's entry by hand, as `cp -p` does that of its content.
        known.append([os.fsencode(file.absolute()).hex(), status.st_size, status.st_mtime_ns, status.st_ctime_ns])
        newest = max(newest, status.st_ctime)
    return sha256_of(known), newest


def stored_shards(entry: Path, files: list[Path], size: int) -> list[Shard] | None:
    """The shards of a cache entry, if all exist and are intact; else None."""
    counts = [len(some) for some in shards_of(files, size)]
    if not _place(entry, len(counts) - 1).exists():
        return None
    with ThreadPoolExecutor(ceil(usable_cores())) as pool:  # each one's content is hashed
        found = list(pool.map(lambda of: _stored(_place(entry, of[0]), of[1], size), enumerate(counts)))
    whole = [shard for shard in found if shard is not None]
    return whole if len(whole) == len(counts) else None


def _stored(file: Path, count: int, size: int) -> Shard | None:
    """A shard of `count` images, if it exists and is intact; else None."""
    try:
        known = read_mapping(file.with_suffix(".json"))
        pixels = np.load(file, mmap_mode="r", allow_pickle=False)
        if (
            pixels.shape != (count, 3, size, size)
            or pixels.dtype != np.uint8
            or sha256_of_file(file) != known["sha256"]
        ):
            return None
        smallest, largest = ((int(height), int(width)) for height, width in known["sides"])
        changed = tuple(Remark(**remark) for remark in known["changed"])
    except (InputError, OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return Shard(file, (smallest, largest), changed)


def store_shards(entry: Path, files: list[Path], folder: Path, size: int, stamps: Sequence[str]) -> None:
    """Decode the missing shards of a cache entry. Processes that do so at the same time share the work.

    `stamps` are those of each shard's files, by `stamp_of`, before their content was hashed.

    Raises:
        BrokenFiles: files of any shard that can't be used.
    """
    entry.mkdir(parents=True, exist_ok=True)
    broken: list[tuple[Path, str]] = []
    left = list(enumerate(shards_of(files, size)))
    for wait in (False, True):
        others = []
        for number, some in left:
            lock = Lock(entry / f"{number:05}.lock")
            if not lock.acquire(wait=wait):
                others.append((number, some))
                continue
            try:
                if _stored(_place(entry, number), len(some), size) is None:
                    _store_shard(_place(entry, number), some, folder, size, stamps[number])
            except BrokenFiles as error:
                broken += error.files
            finally:
                lock.release()
        left = others
    if broken:
        raise BrokenFiles(sorted(broken))


def _store_shard(place: Path, files: list[Path], folder: Path, size: int, stamp: str) -> None:
    """Decode a few images at a time, never all in memory; raise if the files no longer match their `stamp`."""
    summary = Summary(folder)

    def write(path: Path) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), 3, size, size)}
        with open(path, "wb") as out:
            np.lib.format.write_array_header_1_0(out, header)
            for file, image in decode_all(files, size):
                summary.add(file, image)
                out.write(image.pixels.tobytes())

    write_atomically(place, write)
    np.load(place, mmap_mode="r", allow_pickle=False)  # some file systems can't map files: known before it is relied on
    if stamp_of(files, size)[0] != stamp:
        place.unlink()
        raise InputError(f"{folder}: its files changed while they were read; run the command again")
    known = {"sides": summary.sides, "changed": [asdict(remark) for remark in summary.changed]}
    write_json(place.with_suffix(".json"), {"sha256": sha256_of_file(place), **known})


def _place(entry: Path, number: int) -> Path:
    return entry / f"{number:05}.npy"
