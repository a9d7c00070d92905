"""The largest batch whose step fits into a given memory."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import torch

from moco_bench.contrast.chunks import stored_pairs
from moco_bench.data.datasets import DataSet
from moco_bench.data.stored import bytes_in_memory
from moco_bench.measure.allocations import MIB
from moco_bench.measure.heap import heap
from moco_bench.measure.quota import MEMBERSHIP, SYSTEM, control_groups
from moco_bench.profile.memory import watch_step
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import TableRow
from moco_bench.profile.variants import BATCH_SIZE, pairs_of_a_step, uncompiled, variant
from moco_bench.suite.runs import Run
from moco_bench.train.precision import resolve_device

LARGEST_BATCH = 65_536
LONGEST_LEAP = 8
"""Maximum factor to the largest batch that fitted: a guess must not ask for all of a machine's memory."""
MOST_OF_A_FALL = 4
"""How many times the stored size memory may fall by where a rule stops storing similarities."""
SETTLE_STEPS = 2
"""Steps until optimiser state and gradients exist."""
SHARE_FOR_TENSORS = 0.9
"""Fraction of the available memory on a CPU: operators need unmetered scratch, and too large a batch is tried."""
REFUSALS = ("DefaultCPUAllocator", "bad_alloc", "could not create a", "could not execute a primitive", "ALLOC_FAILED")
"""Words of RuntimeErrors by libraries that got no memory. oneDNN (the third and fourth) says no more than that."""
GROUP_FILES = (
    ("memory.max", "memory.current", ""),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
)
"""Files of a control group's limit and usage, and the prefix of names in `memory.stat`: version 2, version 1."""


def capacity_rows(
    runs: Mapping[str, Run], dataset: DataSet, device: str, limit_mib: float, tell: Callable[[str], None]
) -> list[TableRow]:
    """Find each arm's largest batch. For a batch larger than the queue, the queue grows with it.

    The search keeps to the stated limit, or to what is available where that is less: `limited_by` says which.
    Memory is the peak of tensors as the meter counts it on a CPU, and what the allocator gave out on CUDA, where it
    refuses what is beyond the limit. A step that runs out of memory doesn't fit. Steps are eager.
    """
    where = resolve_device(device)
    available = available_mib(dataset, where)
    kept_to, limited_by = (limit_mib, "stated") if limit_mib <= available else (available, "available")
    rows = []
    for arm, run in runs.items():
        tell(f"largest batch of {arm} in {kept_to:g} MiB ({limited_by})")
        unit = run.encoder.batch_norm_groups
        measured: dict[int, float] = {}

        def size_at(count: int, run: Run = run, unit: int = unit, measured: dict[int, float] = measured) -> float:
            measured[count] = step_mib(run, dataset, device, count * unit)
            return measured[count]

        start = max(1, run.train.batch_size // unit)
        most = LARGEST_BATCH // unit
        with allocator_limited(where, kept_to):
            best = largest_across(
                size_at,
                kept_to,
                start=start,
                smallest=max(1, -(-2 // unit)),
                most=most,
                last_stored=_last_stored(run, unit, most, where),
                most_of_a_fall=MOST_OF_A_FALL * 4 * stored_pairs(where) / MIB,
            )
        rows.append(
            {
                "arm": arm,
                "limit_mib": kept_to,
                "limited_by": limited_by,
                "batch_size": None if best is None else best * unit,
                "mib": None if best is None else measured[best],
                "next_mib": None if best is None else measured.get(best + 1),
                "steps_tried": len(measured),
            }
        )
    return rows


def step_mib(run: Run, dataset: DataSet, device: str, batch_size: int) -> float:
    """Peak MiB of eager steps at `batch_size`; infinite if memory doesn't suffice."""
    varied = variant(uncompiled(run), BATCH_SIZE, batch_size)
    assert varied is not None
    try:
        return _peak_mib(Stepper(varied, dataset, device))
    except (MemoryError, RuntimeError) as error:
        out_of_memory = isinstance(error, (MemoryError, torch.OutOfMemoryError))
        if not (out_of_memory or any(word in str(error) for word in REFUSALS)):
            raise
    gc.collect()  # the error held the step's tensors until here
    torch.cuda.empty_cache()
    return float("inf")


def _peak_mib(stepper: Stepper) -> float:
    stepper.plant_ties()
    device = stepper.numerics.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    for _ in range(SETTLE_STEPS):
        stepper.step()
    if device.type != "cuda":
        return watch_step(stepper).timeline.peak / MIB
    stepper.step()
    return torch.cuda.max_memory_allocated(device) / MIB


@contextmanager
def allocator_limited(device: torch.device, limit_mib: float) -> Iterator[None]:
    """Within it CUDA's allocator is limited, fragmentation included; untested, as there was no GPU."""
    on_cuda = device.type == "cuda"
    if on_cuda:
        share = limit_mib * MIB / torch.cuda.mem_get_info(device.index)[1]
        torch.cuda.set_per_process_memory_fraction(min(1.0, share), device.index)
    try:
        yield
    finally:
        if on_cuda:
            torch.cuda.set_per_process_memory_fraction(1.0, device.index)


def available_mib(dataset: DataSet, device: torch.device) -> float:
    """Whole MiB available for tensors: free memory, memory that this process freed and kept, and the images.

    On a CPU all but the images is cut to `SHARE_FOR_TENSORS`: the kernel doesn't refuse what is too much, it kills.
    """
    gc.collect()
    if device.type == "cuda":
        return (torch.cuda.mem_get_info(device.index)[0] + torch.cuda.memory_reserved(device.index)) // MIB
    free = min([psutil.virtual_memory().available, *left_by_groups()])
    kept = heap()
    images = sum(bytes_in_memory(split.images) for split in (dataset.train, dataset.evaluation))
    return (SHARE_FOR_TENSORS * (free + (kept.free if kept else 0)) + images) // MIB


def left_by_groups(system: Path = SYSTEM, membership: Path = MEMBERSHIP) -> list[int]:
    """Bytes left in each control group with a memory limit, of this process's groups and their parents.

    The kernel gives up cached files before it kills: they count as left.
    """
    left = []
    for group in control_groups("memory", system, membership):
        for limit, usage, kind in GROUP_FILES:
            with suppress(OSError, ValueError):  # no such file, or `max`
                spare = int((group / limit).read_text()) - int((group / usage).read_text())
                sizes = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
                left.append(spare + sum(int(sizes.get(f"{kind}{name}_file", 0)) for name in ("active", "inactive")))
    return left


def _last_stored(run: Run, unit: int, most: int, device: torch.device) -> int:
    """The largest count at which a rule still stores a step's similarities; 0 for none.

    Beyond it memory falls once (`contrast.chunks`), wherever the run's rule counts by rank; elsewhere nothing happens.
    """
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        varied = variant(run, BATCH_SIZE, middle * unit)
        assert varied is not None
        low, high = (middle, high) if pairs_of_a_step(varied) <= stored_pairs(device) else (low, middle)
    return low


def largest_across(
    size_at: Callable[[int], float],
    limit: float,
    *,
    start: int,
    smallest: int,
    most: int,
    last_stored: int,
    most_of_a_fall: float,
) -> int | None:
    """`largest_within` for sizes that may fall once, above `last_stored`, by `most_of_a_fall` at most.

    Beyond the fall only what could fit is tried: a batch that can't must not ask for all of a machine's memory.
    """
    if not smallest <= last_stored < most:
        return largest_within(size_at, limit, start=start, smallest=smallest, most=most)
    sizes: dict[int, float] = {}

    def noted(count: int) -> float:
        sizes[count] = size_at(count)
        return sizes[count]

    below = largest_within(noted, limit, start=min(start, last_stored), smallest=smallest, most=last_stored)
    if below != last_stored and _along_the_line(sizes, last_stored) - most_of_a_fall > limit:
        return below
    beyond = largest_within(
        lambda count: sizes[count] if count in sizes else size_at(count),
        limit,
        start=max(start, last_stored + 2),
        smallest=last_stored + 1,
        most=most,
    )
    return below if beyond is None else beyond


def _along_the_line(sizes: Mapping[int, float], count: int) -> float:
    """The size at `count` on the line through the smallest and the largest count of known size."""
    known = {tried: size for tried, size in sizes.items() if size < float("inf")}
    if not known:
        return float("inf")
    low, high = min(known), max(known)
    slope = (known[high] - known[low]) / (high - low) if high > low else known[low] / low
    return known[high] + slope * (count - high)


def largest_within(
    size_at: Callable[[int], float], limit: float, *, start: int, smallest: int, most: int
) -> int | None:
    """The largest count from `smallest` to `most` whose size is at most `limit`; None if `smallest` is too large.

    Sizes must not fall as counts grow. Few of them are asked for: sizes are nearly a straight line in the count, so the
    search goes where the line through its two ends crosses the limit, and every fourth time to the middle.
    """
    low, high = smallest, most + 1
    low_size, high_size = size_at(low), float("inf")
    if low_size > limit:
        return None
    first_size = low_size
    guess = min(max(start, low + 1), most)
    turn = 0
    while high - low > 1:
        turn += 1
        size = size_at(guess)
        if size <= limit:
            low, low_size = guess, size
        else:
            high, high_size = guess, size
        if high > most:  # nothing was too much so far: further along the line, but not too far
            slope = (low_size - first_size) / (low - smallest)
            guess = min(int(low + (limit - low_size) / slope) if slope > 0 else most, LONGEST_LEAP * low)
        elif high_size == float("inf") or turn % 4 == 0:
            guess = (low + high) // 2
        else:
            guess = low + int((high - low) * (limit - low_size) / (high_size - low_size))
        guess = min(max(guess, low + 1), high - 1)
    return low
