"""The machine's measured peak FLOPs and bytes per second, of which a step's speed is a fraction."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

MATRIX_SIZE = {"cpu": 1024, "cuda": 8192}
COPIED_MIB = {"cpu": 64, "cuda": 1024}
"""MiB to copy: beyond the last-level cache of most processors."""
TRIES = 5


@dataclass(frozen=True)
class Ceiling:
    """Best of a few tries, with PyTorch's current number of threads.

    FLOP/s of a matrix product in `precision`, and bytes moved per second by a copy, read and written.
    """

    flops: float
    bytes: float
    precision: str


def measure_ceiling(device: torch.device, precision: str, dtype: torch.dtype, *, side: int | None = None) -> Ceiling:
    """Time a square matmul of `dtype`, whose name is `precision`, and a copy on `device` (CUDA: untested)."""
    size = side or MATRIX_SIZE.get(device.type, 1024)
    # Random factors: on equal ones a card that is limited by its power reaches a clock that no training sees.
    generator = torch.Generator(device).manual_seed(0)
    left, right = (torch.randn(size, size, generator=generator, device=device).to(dtype) for _ in range(2))
    product = torch.empty_like(left)
    source = torch.ones(COPIED_MIB.get(device.type, 64) * 2**20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    multiply = _best_seconds(lambda: torch.mm(left, right, out=product), device)
    copy = _best_seconds(lambda: target.copy_(source), device)
    return Ceiling(2 * size**3 / multiply, 2 * source.numel() / copy, precision)


def _best_seconds(work: Callable[[], object], device: torch.device) -> float:
    def synchronise() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    best = float("inf")
    for _ in range(TRIES + 1):  # the first pages in code and memory, and is never the best
        synchronise()
        began = time.perf_counter()
        work()
        synchronise()
        best = min(best, time.perf_counter() - began)
    return best
