"""Algorithms by device: a CPU needs chunks that fit its cache, a GPU few kernel launches and no synchronisation.

On a CPU an operation costs nothing beside the memory that it moves, and values can be looked at. On a GPU every
operation is a launch, and to look at a value is to wait for all that was launched before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

GPU_CHUNK_PAIRS = 2**23
"""Pairs per chunk on a GPU: 32 MiB of float32, enough to keep any GPU busy, and little of its memory."""

GPU_STORED_PAIRS = 2**28
"""Up to this many pairs, similarities are stored for rules that need the whole queue first: 1 GiB."""

_AS_ON_GPU: ContextVar[bool] = ContextVar("as_on_gpu", default=False)


@contextmanager
def as_on_gpu() -> Iterator[None]:
    """Within it the losses use the GPU's algorithms on a CPU: for tests, and for counting launches."""
    token = _AS_ON_GPU.set(True)
    try:
        yield
    finally:
        _AS_ON_GPU.reset(token)


def on_gpu(device: torch.device) -> bool:
    """Whether to use the GPU's algorithms."""
    return device.type != "cpu" or _AS_ON_GPU.get()


def gpu_stored_pairs(device: torch.device) -> int:
    """`GPU_STORED_PAIRS`, or fewer on a small GPU: a sixteenth of its memory.

    Of all memory, not of the free part: the sums are added in another order when chunks have another size, and a
    run's bits must not hang on its neighbours.
    """
    if device.type != "cuda":
        return GPU_STORED_PAIRS
    return min(GPU_STORED_PAIRS, torch.cuda.get_device_properties(device).total_memory // 64)
