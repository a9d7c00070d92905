"""Combines the meter's and the process's counters; what they don't explain is called unattributed."""

from dataclasses import dataclass

from moco_bench.measure.allocations import MIB, Timeline
from moco_bench.measure.heap import Heap, heap
from moco_bench.measure.process import DeviceMemory, ProcessMemory

UNATTRIBUTED, PEAK = "unattributed", "peak"
BASELINE = "baseline"
"""Memory of the process before the model existed, without the images: Python, libraries, and their allocations."""
LIBRARY_CODE = "library_code"
"""Pages of libraries loaded since: code of the operators in use (kernel's counter)."""
LIBRARY_OBJECTS = "library_objects"
"""Heap in use beyond baseline and tensors while no step runs: Python objects, primitives (malloc's counter)."""
HEAP_FREE = "heap_free"
"""Heap that the C library holds but was free at the peak of use: freed and kept, or scratch of an operator."""

WORKSPACES = "workspaces"
"""Device memory of cuBLAS's handles, one per thread that multiplies; it is released on request."""

LIBRARY_OBJECTS_AT_MOST = 16.0
"""Most MiB to call library objects, about three times what was observed; any excess is unattributed."""

EVALUATION = "evaluation"
"""Everything that an evaluation allocates: the frozen copy, batches, features, similarities, the probe."""

TENSOR_PARTS = (
    "data_set", "parameters", "key_encoder", "optimiser_state", "gradients", "queue", "input", "activations",
    "query_temporaries", "key_temporaries", "loss", "backward_temporaries", "update_temporaries",
)  # fmt: skip
"""All results of `part_of` for a training step: persistent parts, then temporary ones."""

KERNEL_PEAK, RESIDENT, ALLOCATOR_PEAK = "kernel's peak", "resident set, its peak can't be restarted", "CUDA's allocator"
"""Counters that a peak can come from."""


@dataclass(frozen=True)
class MemoryByCause:
    """Peak memory of one phase in MiB; `parts`, with `unattributed`, add up to `peak`, which `peak_source` counted.

    The peak is of the resident set on a CPU, of what the allocator gave out on CUDA. `counters`: the same phase as
    others count it; None where a platform doesn't say. `timeline`: bytes of tensors, over one step where the phase is
    training; `marks`: when each part of that step began, in its seconds.
    """

    parts: dict[str, float]
    peak: float
    counters: dict[str, float | None]
    timeline: Timeline
    marks: tuple[tuple[float, str], ...] = ()
    peak_source: str = KERNEL_PEAK

    @property
    def unattributed_of_peak(self) -> float:
        """Absolute size of the unattributed part as a fraction of the peak."""
        return abs(self.parts[UNATTRIBUTED]) / self.peak

    @property
    def unattributed_above_baseline(self) -> float:
        """Absolute size of the unattributed part as a fraction of what the phase added to the process."""
        return abs(self.parts[UNATTRIBUTED]) / max(self.peak - self.parts.get(BASELINE, 0.0), 1e-9)


READ_FROM = 2**16
"""Bytes of an operator's results from which the heap is read after it: reading costs as much as a small operator."""


@dataclass
class HeapWatch:
    """Highest malloc counters during a watched piece of work, read independently of the meter.

    A meter that sees too little must not be able to hide that, so neither the moment of the highest reading nor its
    size are the meter's.

    `held` are the bytes of tensors that Python reached when nothing was under way (`measure.reachable_tensors`), `rest`
    the heap at that moment; `start` the heap when the watched work began, `start_live` the bytes of tensors that the
    meter knew then; `highest` the heap when most of it was in use, of all moments between two operators, and `largest`
    the most bytes that it ever had, in use or not.
    """

    held: int = 0
    rest: Heap | None = None
    start: Heap | None = None
    start_live: int = 0
    highest: Heap | None = None
    largest: int = 0

    def begin(self, live: int) -> None:
        """Begin the watched work, when the meter knows of `live` bytes of tensors."""
        self.start, self.start_live = heap(), live
        self.note()

    def note(self, size: int = READ_FROM) -> None:
        """Read the counters if results of `size` bytes are worth it."""
        now = heap() if size >= READ_FROM else None
        if now is not None and (self.highest is None or now.in_use > self.highest.in_use):
            self.highest = now
        if now is not None:
            self.largest = max(self.largest, now.in_use + now.free)


@dataclass(frozen=True)
class Before:
    """Bytes that the process held before the model existed; `images` is the data set's part.

    `held` are all tensors that Python reached, `images` included; `on_device` is what libraries hold of CUDA's
    allocator.
    """

    process: ProcessMemory
    heap: Heap | None
    images: int
    held: int = 0
    on_device: int = 0


def account(
    before: Before,
    after: ProcessMemory,
    on_device: DeviceMemory | None,
    timeline: Timeline,
    watch: HeapWatch,
) -> MemoryByCause:
    """Combine the tensors' parts and the process's counters.

    No part is a difference from which the meter's figure was taken: a tensor that the meter doesn't see is missing from
    the sum, and so is unattributed.
    """
    sizes = timeline.at_peak()
    parts = {name: sizes.pop(name, 0) / MIB for name in TENSOR_PARTS} | {n: size / MIB for n, size in sizes.items()}
    if on_device is not None:
        peak, source = on_device.allocated / MIB, ALLOCATOR_PEAK
        parts[WORKSPACES] = on_device.workspaces / MIB
        parts[BASELINE] = max(0, before.on_device - on_device.workspaces) / MIB
    else:
        peak, source = (after.rss / MIB, RESIDENT) if after.peak is None else (after.peak / MIB, KERNEL_PEAK)
        parts |= _process_parts(before, after, watch)
    counters: dict[str, float | None] = {
        "tensor_peak": timeline.peak / MIB,
        **_growth_while_watched(timeline, watch),
        "process_rss": after.rss / MIB,
        "process_uss": mib(after.uss),
        "process_peak_rss": mib(after.peak),
        "cuda_allocated": mib(on_device.allocated) if on_device else None,
        "cuda_reserved": mib(on_device.reserved) if on_device else None,
        "cuda_process": mib(on_device.process) if on_device else None,
        "cuda_context": mib(on_device.context) if on_device else None,
    }
    parts[UNATTRIBUTED] = peak - sum(parts.values())
    return MemoryByCause(parts, peak, counters, timeline, peak_source=source)


def _process_parts(before: Before, after: ProcessMemory, watch: HeapWatch) -> dict[str, float]:
    parts = {BASELINE: (before.process.rss - before.images) / MIB}
    if after.code is not None and before.process.code is not None:
        parts[LIBRARY_CODE] = (after.code - before.process.code) / MIB
    if before.heap is not None and watch.rest is not None:
        objects = (watch.rest.in_use - before.heap.in_use - (watch.held - before.held)) / MIB
        parts[LIBRARY_OBJECTS] = min(max(objects, 0.0), LIBRARY_OBJECTS_AT_MOST)
    if before.heap is not None and watch.highest is not None:
        parts[HEAP_FREE] = (watch.largest - watch.highest.in_use - before.heap.free) / MIB
    return parts


def _growth_while_watched(timeline: Timeline, watch: HeapWatch) -> dict[str, float | None]:
    """Growth from the beginning of the watched work to its peak: malloc's and the meter's."""
    if watch.start is None or watch.highest is None:
        return {"heap_growth": None, "tensor_growth": None}
    grown = watch.highest.in_use - watch.start.in_use
    return {"heap_growth": grown / MIB, "tensor_growth": (timeline.peak - watch.start_live) / MIB}


def mib(size: int | None) -> float | None:
    """Bytes in MiB; None stays None."""
    return None if size is None else size / MIB
