"""How fast this machine multiplies matrices, and how much of that a training step needs: the share it reaches."""

import time
from collections.abc import Callable, Iterable

import torch
from torch.utils.flop_counter import FlopCounterMode

from moco_bench.bench.rounds import Clock
from moco_bench.train.precision import DTYPES

REPEATS = 5


def ceilings(
    precisions: Iterable[str], device: torch.device, *, side: int, clock: Clock = time.perf_counter
) -> dict[str, float]:
    """Floating-point operations a second of the fastest of several matrix products in each precision.

    The fastest, not the median: a ceiling is what the hardware does when nothing disturbs it.
    """
    found = {}
    for precision in precisions:
        matrix = torch.full((side, side), 0.5, dtype=DTYPES[precision], device=device)
        times = [_seconds(lambda matrix=matrix: matrix @ matrix, device, clock) for _ in range(REPEATS)]  # type: ignore[misc]
        found[precision] = 2 * side**3 / min(times)
    return found


def flops_of(step: Callable[[], object]) -> int:
    """Floating-point operations of the products and convolutions in one call, forward and backward.

    An addition and a multiplication are two, as in `ceilings`. Crops are products, too, below one percent of them.
    Normalisations, activations and colours count nothing: what they take is the gap to the ceiling.
    """
    with FlopCounterMode(display=False) as counter:
        step()
    return int(counter.get_total_flops())


def _seconds(product: Callable[[], torch.Tensor], device: torch.device, clock: Clock) -> float:
    began = clock()
    product()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - began
