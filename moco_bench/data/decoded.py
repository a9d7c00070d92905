"""The images of a folder, decoded once: kept on disk as one array, which all runs map into their memory and share.

An entry is found by what the file system says of the files (names, sizes, times of change); where that is another, by
their content, so that a folder that was copied isn't decoded again. It is used only if its own hash is right, so a
damaged one is made again. Bits are those of decoding anew.
"""

import hashlib
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import PIL
import torch
from numpy.typing import NDArray
from torch import Tensor

from moco_bench.data.cache_folder import cache_folder
from moco_bench.data.decoding import Decoded, decode_all
from moco_bench.data.origin import Remark, remarks
from moco_bench.errors import InputError
from moco_bench.files import read_mapping, sha256_of, write_atomically, write_json

VERSION = (1, PIL.__version__, torch.__version__)
"""Of an entry's layout, and of what turns files into pixels."""

TICK_SECONDS = 2.0
"""A file may change twice within one tick of a file system's clock (FAT's is the coarsest), and nobody could tell."""


@dataclass(frozen=True)
class Images:
    """The images of one split."""

    pixels: Tensor  # uint8 [N, 3, size, size], not to be written to
    sides: tuple[tuple[int, int], tuple[int, int]]
    changed: tuple[Remark, ...]


def decoded_images(folder: Path, files: list[Path], size: int) -> Images:
    """The images in `files`, all under `folder`, from the cache or decoded, in their order.

    Raises:
        InputError: files that can't be used, all of them named, or that change while they are read.
    """
    cache = cache_folder()
    index = cache / f"{sha256_of([str(folder.resolve()), size])[:32]}.index.json"
    stamp, newest = _stamp(files, size)
    entry = _indexed(index, stamp)
    images = _stored(entry, len(files), size) if entry is not None else None
    if images is not None:
        return images
    entry = cache / _content(files, size)
    images = _stored(entry, len(files), size)
    if images is None:
        try:
            _store(entry, files, folder, size)
        except OSError as error:
            warnings.warn(
                f"{cache}: {error.strerror or error}, so every run decodes the images again; "
                "let MOCO_BENCH_CACHE name a folder that can be written",
                stacklevel=2,
            )
            return _in_memory(files, folder, size)
        if _stamp(files, size)[0] != stamp:
            _remove(entry)
            raise InputError(f"{folder}: its files changed while they were read; run the command again")
        images = _stored(entry, len(files), size)
        if images is None:
            raise InputError(f"{entry}.npy: not what was written to it; check that disk")
    if newest < time.time() - TICK_SECONDS:
        with suppress(OSError):
            write_json(index, {"stamp": stamp, "entry": entry.name})
            _remove_unused(cache)
    return images


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
    hasher = hashlib.sha256(repr((VERSION, size)).encode())
    for file in files:
        hasher.update(bytes.fromhex(_sha256(file)))
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


def _stored(entry: Path, count: int, size: int) -> Images | None:
    """An entry of the cache, if there is one and it is whole."""
    try:
        known = read_mapping(entry.with_suffix(".json"))
        pixels = np.load(entry.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        if _sha256(entry.with_suffix(".npy")) != known["sha256"]:
            return None
        if pixels.shape != (count, 3, size, size) or pixels.dtype != np.uint8:
            return None
        smallest, largest = ((int(height), int(width)) for height, width in known["sides"])
        changed = tuple(Remark(**remark) for remark in known["changed"])
    except (InputError, OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return Images(_read_only(pixels), (smallest, largest), changed)


def _read_only(pixels: NDArray[np.uint8]) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")  # nobody writes to images
        return torch.from_numpy(pixels)


def _store(entry: Path, files: list[Path], folder: Path, size: int) -> None:
    """Decode into an entry of the cache, a few images at a time: they are never all in memory."""
    summary = _Summary(folder)

    def write(path: Path) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), 3, size, size)}
        with open(path, "wb") as out:
            np.lib.format.write_array_header_1_0(out, header)
            for file, image in decode_all(files, size):
                summary.add(file, image)
                out.write(image.pixels.tobytes())

    write_atomically(entry.with_suffix(".npy"), write)
    known = {"sides": summary.sides, "changed": [asdict(remark) for remark in summary.changed]}
    write_json(entry.with_suffix(".json"), {"sha256": _sha256(entry.with_suffix(".npy")), **known})


def _in_memory(files: list[Path], folder: Path, size: int) -> Images:
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


def _remove(entry: Path) -> None:
    for suffix in (".npy", ".json"):
        entry.with_suffix(suffix).unlink(missing_ok=True)


def _remove_unused(cache: Path) -> None:
    """Remove entries that no folder has any more: after its images changed, say."""
    used = {read_mapping(index).get("entry") for index in _all(cache, ".index.json")}
    for array in _all(cache, ".npy"):
        # A new one may belong to a process that is about to say so.
        if array.stem not in used and array.stat().st_mtime < time.time() - 3600:
            _remove(array)


def _all(cache: Path, suffix: str) -> Iterator[Path]:
    return (path for path in cache.iterdir() if path.name.endswith(suffix) and not path.name.startswith("."))
