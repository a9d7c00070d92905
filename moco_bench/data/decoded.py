"""Images of a folder, decoded once: stored on disk in shards, which all runs map into memory and share.

An entry is found by what the file system says of the files (names, sizes, times of change); where that is another, by
their content, so that a folder that was copied isn't decoded again. Bits are those of decoding anew.
"""

import hashlib
import re
import shutil
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moco_bench.data import shards
from moco_bench.data.cache_folder import cache_folder
from moco_bench.data.decoding import decode_all
from moco_bench.data.origin import Remark, Sides, joined, sides_of
from moco_bench.data.stored import Pixels, StoredImages
from moco_bench.errors import InputError
from moco_bench.files import mapping_if_any, read_mapping, sha256_of, sha256_of_file, write_json
from moco_bench.measure.quota import usable_cores, usable_memory

TICK_SECONDS = 2.0
"""A file may change twice within one tick of a file system's clock (FAT's is the coarsest), and nobody could tell."""

ENTRY = re.compile("images-[0-9a-f]{32}")


@dataclass(frozen=True)
class Images:
    """The images of one split."""

    pixels: Pixels  # uint8 [N, 3, size, size], not to be written to
    sides: Sides
    changed: tuple[Remark, ...]


def decoded_images(folder: Path, files: list[Path], size: int) -> Images:
    """The images in `files`, all under `folder`, from the cache or decoded, in their order.

    Raises:
        InputError: files that can't be used, all of them named, or that change while they are read.
    """
    cache = cache_folder()
    index = cache / f"{sha256_of([str(folder.resolve()), size])[:32]}.index.json"
    stamps, times = zip(*(shards.stamp_of(some, size) for some in shards.shards_of(files, size)), strict=True)
    stamp, newest = sha256_of(stamps), max(times)
    entry = _indexed(index, stamp)
    found = shards.stored_shards(entry, files, size) if entry is not None else None
    if found is None:
        entry = cache / f"images-{_content(files, size)}"
        found = shards.stored_shards(entry, files, size)
        if found is None:
            try:
                shards.store_shards(entry, files, folder, size, stamps)
            except OSError as error:
                warnings.warn(
                    f"{cache}: {error.strerror or error}, so every run decodes the images again; "
                    "let MOCO_BENCH_CACHE name a folder of a local disk that can be written",
                    stacklevel=2,
                )
                with suppress(OSError):  # of a full disk
                    shutil.rmtree(entry)
                return _in_memory(files, folder, size)
            found = shards.stored_shards(entry, files, size)
            if found is None:
                raise InputError(f"{entry}: not what was written to it; check that disk")
        if newest < time.time() - TICK_SECONDS:
            with suppress(OSError):
                write_json(index, {"stamp": stamp, "entry": entry.name})
                _remove_unused(cache)
    return _images(found, len(files), size)


def _images(found: Sequence[shards.Shard], count: int, size: int) -> Images:
    sides = sides_of(size for shard in found for size in shard.sides)
    if len(found) == 1:
        pixels: Pixels = _read_only(np.load(found[0].file, mmap_mode="r", allow_pickle=False))
    else:
        names = tuple(shard.file for shard in found)
        pixels = StoredImages(names, shards.rows_of_a_shard(size), torch.Size((count, 3, size, size)))
    return Images(pixels, sides, joined(shard.changed for shard in found))


def _content(files: list[Path], size: int) -> str:
    """The name of the cache entry for these files' content, wherever they lie."""
    hasher = hashlib.sha256(repr((shards.VERSION, size, shards.rows_of_a_shard(size))).encode())
    with ThreadPoolExecutor(ceil(usable_cores())) as pool:
        for digest in pool.map(sha256_of_file, files):
            hasher.update(bytes.fromhex(digest))
    return hasher.hexdigest()[:32]


def _indexed(index: Path, stamp: str) -> Path | None:
    known = mapping_if_any(index)
    entry = known.get("entry")
    if known.get("stamp") != stamp or not isinstance(entry, str) or Path(entry).name != entry:
        return None
    return index.with_name(entry)


def _read_only(pixels: NDArray[np.uint8]) -> Tensor:
    with warnings.catch_warnings():  # images are never written to
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(pixels)


def _in_memory(files: list[Path], folder: Path, size: int) -> Images:
    needed, there = len(files) * 3 * size * size, usable_memory()
    if needed > there:
        raise InputError(
            f"{folder}: {needed / 2**30:.1f} GiB of images, {there / 2**30:.1f} GiB of memory here, and the folder "
            "for decoded images can't be written: let MOCO_BENCH_CACHE name one that can"
        )
    summary = shards.Summary(folder)
    pixels = np.empty((len(files), 3, size, size), np.uint8)
    for place, (file, image) in zip(pixels, decode_all(files, size), strict=True):
        summary.add(file, image)
        place[:] = image.pixels
    return Images(torch.from_numpy(pixels), summary.sides, summary.changed)


def _remove_unused(cache: Path) -> None:
    """Remove entries that no folder uses any more, for example because its images changed."""
    used = {read_mapping(index).get("entry") for index in cache.glob("*.index.json")}
    for entry in (entry for entry in cache.iterdir() if ENTRY.fullmatch(entry.name) and entry.name not in used):
        # A new one may belong to a process that is about to say so.
        if max(path.stat().st_mtime for path in (entry, *entry.iterdir())) < time.time() - 3600:
            shutil.rmtree(entry, ignore_errors=True)
