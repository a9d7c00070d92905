"""The images of a folder, decoded once: kept on disk in shards, which all runs map into their memory and share.

An entry is found by what the file system says of the files (names, sizes, times of change); where that is another, by
their content, so that a folder that was copied isn't decoded again. A shard is used only if its own hash is right, so a
damaged one is made again, and what was decoded before a kill isn't decoded again. Bits are those of decoding anew. No
more than a few images are in memory at a time.
"""

import hashlib
import os
import re
import shutil
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import numpy as np
import PIL
import torch
from numpy.typing import NDArray
from torch import Tensor

from moco_bench.data.cache_folder import cache_folder
from moco_bench.data.decoding import BrokenFiles, Decoded, decode_all
from moco_bench.data.origin import Remark, joined, remarks
from moco_bench.data.stored import Pixels, StoredImages
from moco_bench.errors import InputError
from moco_bench.files import read_mapping, sha256_of, write_atomically, write_json
from moco_bench.locks import Lock
from moco_bench.measure.quota import usable_cores, usable_memory

VERSION = (2, PIL.__version__, torch.__version__)
"""Of an entry's layout, and of what turns files into pixels."""

SHARD_BYTES = 2**29
"""Of the images of one shard, at most. A process has every shard open: a thousand files are the usual limit."""

TICK_SECONDS = 2.0
"""A file may change twice within one tick of a file system's clock (FAT's is the coarsest), and nobody could tell."""

ENTRY = re.compile("images-[0-9a-f]{32}")

Sides = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Images:
    """The images of one split."""

    pixels: Pixels  # uint8 [N, 3, size, size], not to be written to
    sides: Sides
    changed: tuple[Remark, ...]


@dataclass(frozen=True)
class Shard:
    """A file of images, and what is known of them."""

    file: Path
    sides: Sides
    changed: tuple[Remark, ...]


def decoded_images(folder: Path, files: list[Path], size: int) -> Images:
    """The images in `files`, all under `folder`, from the cache or decoded, in their order.

    Raises:
        InputError: files that can't be used, all of them named, or that change while they are read.
    """
    cache = cache_folder()
    index = cache / f"{sha256_of([str(folder.resolve()), size])[:32]}.index.json"
    stamps, times = zip(*(_stamp(some, size) for some in _shards_of(files, size)), strict=True)
    stamp, newest = sha256_of(stamps), max(times)
    entry = _indexed(index, stamp)
    shards = _all_stored(entry, files, size) if entry is not None else None
    if shards is None:
        entry = cache / f"images-{_content(files, size)}"
        shards = _all_stored(entry, files, size)
        if shards is None:
            try:
                _store(entry, files, folder, size, stamps)
            except OSError as error:
                warnings.warn(
                    f"{cache}: {error.strerror or error}, so every run decodes the images again; "
                    "let MOCO_BENCH_CACHE name a folder that can be written",
                    stacklevel=2,
                )
                with suppress(OSError):  # of a full disk
                    shutil.rmtree(entry)
                return _in_memory(files, folder, size)
            shards = _all_stored(entry, files, size)
            if shards is None:
                raise InputError(f"{entry}: not what was written to it; check that disk")
        if newest < time.time() - TICK_SECONDS:
            with suppress(OSError):
                write_json(index, {"stamp": stamp, "entry": entry.name})
                _remove_unused(cache)
    return _images(shards, len(files), size)


def rows_of_a_shard(size: int) -> int:
    """Images of this side that each shard but the last has."""
    return max(1, SHARD_BYTES // (3 * size * size))


def _images(shards: Sequence[Shard], count: int, size: int) -> Images:
    smallest, largest = zip(*(shard.sides for shard in shards), strict=True)
    sides = tuple(map(min, zip(*smallest, strict=True))), tuple(map(max, zip(*largest, strict=True)))
    if len(shards) == 1:
        pixels: Pixels = _read_only(np.load(shards[0].file, mmap_mode="r", allow_pickle=False))
    else:
        names = tuple(shard.file for shard in shards)
        pixels = StoredImages(names, rows_of_a_shard(size), torch.Size((count, 3, size, size)))
    return Images(pixels, sides, joined(shard.changed for shard in shards))


def _stamp(files: list[Path], size: int) -> tuple[str, float]:
    """What changes whenever a file was written, moved or replaced, and when that last happened."""
    known: list[object] = [VERSION, size]
    newest = 0.0
    for file in files:
        status = file.stat()
        # Nobody sets the time of the last change of a file's entry by hand, as `cp -p` does that of its content.
        known.append([os.fsencode(file.absolute()).hex(), status.st_size, status.st_mtime_ns, status.st_ctime_ns])
        newest = max(newest, status.st_ctime)
    return sha256_of(known), newest


def _content(files: list[Path], size: int) -> str:
    """The name of what is made of these files' bytes, wherever they lie."""
    hasher = hashlib.sha256(repr((VERSION, size, rows_of_a_shard(size))).encode())
    with ThreadPoolExecutor(ceil(usable_cores())) as pool:
        for digest in pool.map(_sha256, files):
            hasher.update(bytes.fromhex(digest))
    return hasher.hexdigest()[:32]


def _indexed(index: Path, stamp: str) -> Path | None:
    try:
        known = read_mapping(index)
    except InputError:
        return None
    entry = known.get("entry")
    if known.get("stamp") != stamp or not isinstance(entry, str) or Path(entry).name != entry:
        return None
    return index.with_name(entry)


def _shards_of(files: list[Path], size: int) -> list[list[Path]]:
    rows = rows_of_a_shard(size)
    return [files[start : start + rows] for start in range(0, len(files), rows)]


def _place(entry: Path, number: int) -> Path:
    return entry / f"{number:05}.npy"


def _all_stored(entry: Path, files: list[Path], size: int) -> list[Shard] | None:
    """The shards of an entry of the cache, if all are there and whole."""
    counts = [len(some) for some in _shards_of(files, size)]
    if not _place(entry, len(counts) - 1).exists():
        return None
    with ThreadPoolExecutor(ceil(usable_cores())) as pool:  # each one's content is hashed
        found = list(pool.map(lambda of: _stored(_place(entry, of[0]), of[1], size), enumerate(counts)))
    whole = [shard for shard in found if shard is not None]
    return whole if len(whole) == len(counts) else None


def _stored(file: Path, count: int, size: int) -> Shard | None:
    """A shard of `count` images, if there is one and it is whole."""
    try:
        known = read_mapping(file.with_suffix(".json"))
        pixels = np.load(file, mmap_mode="r", allow_pickle=False)
        if pixels.shape != (count, 3, size, size) or pixels.dtype != np.uint8 or _sha256(file) != known["sha256"]:
            return None
        smallest, largest = ((int(height), int(width)) for height, width in known["sides"])
        changed = tuple(Remark(**remark) for remark in known["changed"])
    except (InputError, OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return Shard(file, (smallest, largest), changed)


def _read_only(pixels: NDArray[np.uint8]) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="The given NumPy array is not writable"
        )  # images are never written to
        return torch.from_numpy(pixels)


def _store(entry: Path, files: list[Path], folder: Path, size: int, stamps: Sequence[str]) -> None:
    """Decode into an entry of the cache what isn't there yet. Processes that come to it together share the work.

    Args:
        entry: its folder, named by the files' content.
        files: all of them.
        folder: that they lie in, for remarks.
        size: side of the images.
        stamps: what the files of each shard were, by `_stamp`, before their content was hashed.

    Raises:
        BrokenFiles: files of any shard that can't be used.
    """
    entry.mkdir(parents=True, exist_ok=True)
    broken: list[tuple[Path, str]] = []
    left = list(enumerate(_shards_of(files, size)))
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
    """Decode a few images at a time: they are never all in memory. `stamp` is what the files were by `_stamp`."""
    summary = _Summary(folder)

    def write(path: Path) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), 3, size, size)}
        with open(path, "wb") as out:
            np.lib.format.write_array_header_1_0(out, header)
            for file, image in decode_all(files, size):
                summary.add(file, image)
                out.write(image.pixels.tobytes())

    write_atomically(place, write)
    if _stamp(files, size)[0] != stamp:
        place.unlink()
        raise InputError(f"{folder}: its files changed while they were read; run the command again")
    known = {"sides": summary.sides, "changed": [asdict(remark) for remark in summary.changed]}
    write_json(place.with_suffix(".json"), {"sha256": _sha256(place), **known})


def _in_memory(files: list[Path], folder: Path, size: int) -> Images:
    needed, there = len(files) * 3 * size * size, usable_memory()
    if needed > there:
        raise InputError(
            f"{folder}: {needed / 2**30:.1f} GiB of images, {there / 2**30:.1f} GiB of memory here, and the folder "
            "for decoded images can't be written: let MOCO_BENCH_CACHE name one that can"
        )
    summary = _Summary(folder)
    pixels = np.empty((len(files), 3, size, size), np.uint8)
    for place, (file, image) in zip(pixels, decode_all(files, size), strict=True):
        summary.add(file, image)
        place[:] = image.pixels
    return Images(torch.from_numpy(pixels), summary.sides, summary.changed)


class _Summary:
    """What is known of images beyond their pixels, gathered as they come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._heights: set[int] = set()
        self._widths: set[int] = set()
        self._changed: list[tuple[str, str]] = []

    def add(self, file: Path, image: Decoded) -> None:
        """Take one image into account."""
        self._heights.add(image.height)
        self._widths.add(image.width)
        self._changed += [(what, file.relative_to(self._folder.parent).as_posix()) for what in image.changed]

    @property
    def sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Smallest and largest height and width, in pixels."""
        return (min(self._heights), min(self._widths)), (max(self._heights), max(self._widths))

    @property
    def changed(self) -> tuple[Remark, ...]:
        """What was done to images."""
        return remarks(self._changed)


def _sha256(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _remove_unused(cache: Path) -> None:
    """Remove entries that no folder has any more: after its images changed, say."""
    used = {read_mapping(index).get("entry") for index in cache.glob("*.index.json")}
    for entry in cache.iterdir():
        # A new one may belong to a process that is about to say so.
        if ENTRY.fullmatch(entry.name) and entry.name not in used and _last_change(entry) < time.time() - 3600:
            shutil.rmtree(entry, ignore_errors=True)


def _last_change(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
