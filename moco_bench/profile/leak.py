"""Whether memory grows with the number of steps: a run of 200 epochs has tens of thousands of them."""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from scipy.stats import theilslopes

from moco_bench.data.datasets import DataSet
from moco_bench.measure.allocations import MIB
from moco_bench.measure.heap import heap
from moco_bench.measure.process import process_memory
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import TableRow
from moco_bench.suite.runs import Run

READINGS = 50
BLOCK_BYTES = 64
"""Average bytes of a small Python object. Those up to 512 bytes lie in Python's own arenas, unseen by malloc."""
LEAK_ABOVE_KIB = 2.0
"""Growth per step above which it counts as a leak: a tenth of one batch's sample numbers and embeddings at B = 128."""


def leak_rows(
    runs: Mapping[str, Run], dataset: DataSet, device: str, steps: int, tell: Callable[[str], None]
) -> list[TableRow]:
    """Make `steps` steps of each arm, with readings in between: MiB in use, MiB resident, Python's blocks."""
    rows = []
    for arm, run in runs.items():
        tell(f"leak check of {arm}: {steps} steps")
        stepper = Stepper(run, dataset, device)
        gc.collect()
        gc.freeze()  # existing objects aren't traversed again, so collecting before each reading is quick
        try:
            rows += [{"arm": arm, **reading} for reading in _readings(stepper, steps)]
        finally:
            gc.unfreeze()
    return rows


def _readings(stepper: Stepper, steps: int) -> Iterator[TableRow]:
    every = max(1, steps // READINGS)
    for step in range(1, steps + 1):
        stepper.step()
        if step % every == 0:
            gc.collect()  # reference cycles are no leak
            resident = process_memory().rss
            blocks = sys.getallocatedblocks()
            in_use = _in_use(stepper) / MIB
            yield {"step": step, "in_use_mib": in_use, "resident_mib": resident / MIB, "python_blocks": blocks}


def growth_per_step(steps: Sequence[int], sizes: Sequence[float]) -> float:
    """Median of the slopes between all pairs of readings (Theil 1950, Sen 1968), which single readings don't move.

    The first fifth is left out: caches fill up there.
    """
    start = len(steps) // 5
    return float(theilslopes(sizes[start:], steps[start:]).slope) if len(steps) - start > 1 else 0.0


def leak_verdicts(rows: Sequence[TableRow]) -> list[TableRow]:
    """For each arm: KiB per step, and whether that is a leak.

    `kib_per_step` is what malloc (CUDA's allocator) gave out plus an estimate of small Python objects, which malloc
    doesn't see. The resident set's growth stands beside it and isn't judged: it comes in pages and in arenas.
    """
    verdicts = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        steps = [row["step"] for row in own]
        names = ("in_use_mib", "resident_mib", "python_blocks")
        in_use, resident, blocks = (growth_per_step(steps, [row[name] for row in own]) for name in names)
        kib = 1024 * in_use + BLOCK_BYTES * blocks / 1024
        verdicts.append(
            {
                "arm": arm,
                "steps": steps[-1],
                "kib_per_step": kib,
                "leaks": kib > LEAK_ABOVE_KIB,
                "python_blocks_per_step": blocks,
                "resident_kib_per_step": 1024 * resident,
            }
        )
    return verdicts


def _in_use(stepper: Stepper) -> int:
    """Bytes in use by CUDA's allocator or by the C library; resident bytes if that is unknown."""
    if stepper.numerics.device.type == "cuda":
        return torch.cuda.memory_allocated(stepper.numerics.device)
    found = heap()
    return process_memory().rss if found is None else found.in_use
