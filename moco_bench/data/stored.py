"""Images in several files on disk, mapped into memory, for sets that are larger than memory.

They are indexed like a tensor [N, C, H, W] of uint8, and what is taken from them is a copy. The kernel keeps what was
read once for all processes. A process shows no more of it than `MAPPED_BYTES` in its own memory.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MAPPED_BYTES = 2**25
"""Bytes of mapped images after which a process releases their pages. They stay in the kernel's cache."""

PIECE_BYTES = 2**24
"""Bytes per piece in passes over all images."""

WINDOW = 2**17
"""Most bytes around an image that the kernel maps with it."""


class StoredImages:
    """Images of one split, all of one shape.

    Args:
        files: in NumPy's format, each a uint8 array [rows, C, H, W]; the last may hold fewer.
        rows: images of each file but the last.
        shape: [N, C, H, W] of all of them.
        places: which of them, in which order; all by default.
    """

    def __init__(self, files: tuple[Path, ...], rows: int, shape: torch.Size, places: Tensor | None = None) -> None:
        self._files, self._rows, self._whole, self._places = files, rows, shape, places
        self.shape = shape if places is None else torch.Size((len(places), *shape[1:]))
        self._maps: dict[int, tuple[mmap.mmap, NDArray[np.uint8]]] = {}
        self._touched, self._lock = 0, Lock()

    dtype = torch.uint8

    def __len__(self) -> int:
        return self.shape[0]

    def __reduce__(self) -> tuple[object, ...]:
        return StoredImages, (self._files, self._rows, self._whole, self._places)

    @property
    def nbytes(self) -> int:
        """Bytes of all images, on disk or in memory."""
        return self.shape.numel()

    def subset(self, places: Tensor) -> "StoredImages":
        """The images at `places` [M], int64; none is read."""
        chosen = places if self._places is None else self._places[places]
        return StoredImages(self._files, self._rows, self._whole, chosen)

    @overload
    def __getitem__(self, places: slice) -> Tensor: ...
    @overload
    def __getitem__(self, places: Tensor) -> Tensor: ...
    def __getitem__(self, places: slice | Tensor) -> Tensor:
        """Copies of the images at `places`, uint8 [M, C, H, W]."""
        chosen = torch.arange(len(self))[places] if isinstance(places, slice) else places
        return self.read(chosen, torch.empty((len(chosen), *self.shape[1:]), dtype=torch.uint8))

    def read(self, places: Tensor, into: Tensor) -> Tensor:
        """Copy the images at `places` [M] into a tensor [M, C, H, W] of the CPU; returns it."""
        chosen = places if self._places is None else self._places[places]
        rows, mapped_with_one = into.numpy(), self.shape[1:].numel() + WINDOW
        with self._lock:
            for row, place in enumerate(chosen.tolist()):
                file, within = divmod(place, self._rows)
                rows[row] = self._mapped(file)[within]
                self._touched += mapped_with_one
                if self._touched >= MAPPED_BYTES:
                    self._give_back()
        return into

    def _mapped(self, file: int) -> NDArray[np.uint8]:
        known = self._maps.get(file)
        if known is None:
            with open(self._files[file], "rb") as content:
                np.lib.format.read_magic(content)
                shape, _, _ = np.lib.format.read_array_header_1_0(content)
                start = content.tell()
                mapped = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
            array = np.frombuffer(mapped, np.uint8, offset=start).reshape(shape)
            known = self._maps[file] = mapped, array
        return known[1]

    def _give_back(self) -> None:
        self._touched = 0
        if hasattr(mmap, "MADV_DONTNEED"):
            for mapped, _ in self._maps.values():
                mapped.madvise(mmap.MADV_DONTNEED)


Pixels = Tensor | StoredImages
"""uint8 [N, C, H, W]."""


def taken(images: Pixels, places: Tensor) -> Pixels:
    """The images at `places` [M]: copied from a tensor, but not from disk."""
    return images.subset(places) if isinstance(images, StoredImages) else images[places]


def batches(images: Pixels, size: int) -> Iterator[Tensor]:
    """The images in order, at most `size` at a time."""
    if isinstance(images, StoredImages):
        yield from (images[start : start + size] for start in range(0, len(images), size))
    else:
        yield from torch.split(images, size)


def pieces(values: Pixels) -> Iterator[Tensor]:
    """Images or labels [N, ...] in order, a few MiB at a time, for passes over all of them."""
    return batches(values, max(1, PIECE_BYTES * len(values) // max(1, values.nbytes)))


def in_memory(images: Pixels) -> Tensor:
    """All images as one tensor."""
    return images[:] if isinstance(images, StoredImages) else images


def bytes_in_memory(images: Pixels) -> int:
    """Bytes of this process's memory that the images occupy permanently."""
    return 0 if isinstance(images, StoredImages) else images.untyped_storage().nbytes()
