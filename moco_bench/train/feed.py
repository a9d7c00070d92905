"""Images of a step on the device: resident there, or gathered by a thread during the step before.

Both give equal bytes; which one is used depends on free memory, and so is no part of a run.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.data.stored import Pixels, StoredImages, pieces

MOST_OF_A_DEVICE = 0.5
"""Fraction of a device's free memory that images may take: the step, or another run, needs the rest."""


@dataclass(frozen=True)
class BatchIndices:
    """Indices of a step's images, int64 [B].

    Attributes:
        numbers: on the CPU.
        on_device: the same, where the step computes.
        upcoming: those of the next step, on the CPU, where they are known.
    """

    numbers: Tensor
    on_device: Tensor
    upcoming: Tensor | None = None


class Resident:
    """A feed with all images on the device.

    Attributes:
        prefetched: whether a step may have to wait for its images.
        resident: all of them; None where the device doesn't hold them.
    """

    prefetched = False
    resident: Tensor | None

    def __init__(self, images: Pixels, device: torch.device) -> None:
        if isinstance(images, StoredImages):  # a part at a time: they may be more than the CPU's memory holds
            self.resident = torch.empty(images.shape, dtype=torch.uint8, device=device)
            free = self.resident
            for part in pieces(images):
                free[: len(part)] = part
                free = free[len(part) :]
        else:
            self.resident = images.to(device)

    def gather(self, batch: BatchIndices) -> Tensor:
        """The images [B, C, H, W], uint8, on the device."""
        assert self.resident is not None
        return self.resident[batch.on_device]


class Prefetched:
    """A feed whose thread copies the next step's images into pinned memory, from which a GPU reads."""

    prefetched = True
    resident: Tensor | None = None

    def __init__(self, images: Pixels, device: torch.device) -> None:
        self._images, self._device = images, device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="images")
        self._next: tuple[Tensor, Future[Tensor]] | None = None

    def gather(self, batch: BatchIndices) -> Tensor:
        """See `Resident`; for a step that was not announced it waits longer."""
        foreseen = self._next is not None and torch.equal(self._next[0], batch.numbers)
        if self._next is None or not foreseen:
            self._ask_for(batch.numbers)
        assert self._next is not None
        images = self._next[1].result()
        self._next = None
        if batch.upcoming is not None:
            self._ask_for(batch.upcoming)
        return images.to(self._device, non_blocking=True)

    def _ask_for(self, numbers: Tensor) -> None:
        self._next = numbers, self._thread.submit(self._read, numbers)

    def _read(self, numbers: Tensor) -> Tensor:
        shape = (len(numbers), *self._images.shape[1:])
        place = torch.empty(shape, dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        if isinstance(self._images, StoredImages):
            return self._images.read(numbers, place)
        return torch.index_select(self._images, 0, numbers, out=place)


def feed_of(images: Pixels, device: torch.device) -> Resident | Prefetched:
    """`Resident` if the images fit on the device, or are in memory or one mapped file on a CPU; else `Prefetched`."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return Resident(images, device) if images.nbytes <= MOST_OF_A_DEVICE * free else Prefetched(images, device)
    return Prefetched(images, device) if isinstance(images, StoredImages) else Resident(images, device)
