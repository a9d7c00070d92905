"""Peak memory of one training step by cause: what tensors hold, and what the process holds beyond them."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from moco_bench.data.datasets import DataSet
from moco_bench.evaluate.metrics import evaluate_encoder
from moco_bench.measure.allocations import MIB, AllocationMeter, Block, Timeline
from moco_bench.measure.heap import Heap, heap
from moco_bench.measure.process import DeviceMemory, ProcessMemory, device_memory, process_memory, restart_peak
from moco_bench.profile.parts import AUGMENTATION, BACKWARD, DATA, KEY_FORWARD, LOSS, QUERY_FORWARD
from moco_bench.profile.stepper import Stepper
from moco_bench.train.state import TrainingState

UNATTRIBUTED, PEAK = "unattributed", "peak"
BASELINE = "baseline"
"""What the process held before the model existed, less the images: Python, libraries, what they had allocated."""
LIBRARY_CODE = "library_code"
"""Pages of libraries that were read in since: code of the operators that the work uses (kernel's counter)."""
LIBRARY_OBJECTS = "library_objects"
"""In use on the heap beyond baseline and tensors: Python objects, primitives and scratch of libraries (malloc's)."""
HEAP_FREE = "heap_free"
"""Freed and kept by the C library, between blocks in use or for later (malloc's counter)."""

EVALUATION = "evaluation"
"""Everything that an evaluation allocates: the frozen copy, batches, features, similarities, the probe."""

TENSOR_PARTS = (
    "data_set", "parameters", "key_encoder", "optimiser_state", "gradients", "queue", "input", "activations",
    "query_temporaries", "key_temporaries", "loss", "backward_temporaries", "update_temporaries",
)  # fmt: skip
"""Everything that `part_of` may answer about a training step: what stays, then what comes and goes."""

SETTLE_STEPS = 3
"""Steps before anything is counted: optimiser state, gradients and the allocator's caches exist from then on."""

WATCHED_STEPS = 5
"""Steps over which the kernel's peak is taken."""


@dataclass(frozen=True)
class MemoryByCause:
    """Peak memory of one phase.

    Attributes:
        parts: MiB by part; with `unattributed` they add up to `peak`.
        peak: MiB. Of the resident set on a CPU, of what the allocator gave out on CUDA.
        counters: the same phase as others count it, in MiB; None where a platform doesn't say.
        timeline: bytes of tensors, over one step where the phase is training.
        marks: when each part of that step began, in seconds of the timeline.
    """

    parts: dict[str, float]
    peak: float
    counters: dict[str, float | None]
    timeline: Timeline
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class WatchedStep:
    """What the meter saw of one step; `heap_at_peak` is the heap when there were most bytes of tensors."""

    timeline: Timeline
    heap_at_peak: Heap | None
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Before:
    """What the process held before the model existed, in bytes; `images` of it are the data set."""

    process: ProcessMemory
    heap: Heap | None
    images: int


def before_the_model(dataset: DataSet) -> Before:
    """Read the counters; the images are in memory already."""
    gc.collect()
    images = sum(split.images.untyped_storage().nbytes() for split in (dataset.train, dataset.evaluation))
    return Before(process_memory(), heap(), images)


def training_memory(stepper: Stepper, before: Before) -> MemoryByCause:
    """Measure the training step of a fresh `stepper`.

    Call it in a process that has done nothing else: what earlier work freed would count as this arm's.
    """
    for _ in range(SETTLE_STEPS):
        stepper.step()
    device = stepper.numerics.device
    restart_peaks(device)
    for _ in range(WATCHED_STEPS):
        stepper.step()
    stepper.synchronise()
    after, on_device = process_memory(), device_memory(device)
    watched = watch_step(stepper)
    memory = account(before, after, on_device, watched.timeline, watched.heap_at_peak)
    return replace(memory, marks=watched.marks)


def restart_peaks(device: torch.device) -> None:
    """Let the kernel's and the device's peaks start anew."""
    restart_peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def account(
    before: Before, after: ProcessMemory, on_device: DeviceMemory | None, timeline: Timeline, heap_at_peak: Heap | None
) -> MemoryByCause:
    """Put the tensors' parts and the process's counters together; what they don't explain is `unattributed`."""
    sizes = timeline.at_peak()
    parts = {name: sizes.pop(name, 0) / MIB for name in TENSOR_PARTS} | {n: size / MIB for n, size in sizes.items()}
    if on_device is not None:
        peak = on_device.allocated / MIB
    else:
        peak = (after.rss if after.peak is None else after.peak) / MIB
        parts[BASELINE] = (before.process.rss - before.images) / MIB
        if after.code is not None and before.process.code is not None:
            parts[LIBRARY_CODE] = (after.code - before.process.code) / MIB
        if heap_at_peak is not None and before.heap is not None:
            new_tensors = timeline.peak - before.images
            parts[LIBRARY_OBJECTS] = (heap_at_peak.in_use - before.heap.in_use - new_tensors) / MIB
            parts[HEAP_FREE] = (heap_at_peak.free - before.heap.free) / MIB
    counters: dict[str, float | None] = {
        "tensor_peak": timeline.peak / MIB,
        "process_rss": after.rss / MIB,
        "process_uss": _mib(after.uss),
        "process_peak_rss": _mib(after.peak),
        "cuda_allocated": _mib(on_device.allocated) if on_device else None,
        "cuda_reserved": _mib(on_device.reserved) if on_device else None,
        "cuda_process": _mib(on_device.process) if on_device else None,
    }
    return MemoryByCause(parts | {UNATTRIBUTED: peak - sum(parts.values())}, peak, counters, timeline)


def watch_step(stepper: Stepper) -> WatchedStep:
    """Make one step under the meter: what every byte belonged to, and the heap when tensors were at their peak."""
    marks: list[tuple[float, str]] = []
    heaps: list[Heap | None] = [None]

    def note_heap() -> None:
        heaps[0] = heap()

    meter = AllocationMeter(stepper.numerics.device, at_new_peak=note_heap)

    def mark(part: str) -> None:
        marks.append((meter.ledger.seconds(), part))
        if meter.scope == BACKWARD:  # it has just ended: its gradients have their places
            meter.claim("gradients", _gradients(stepper.state))
        meter.scope = part

    with meter:
        claim_what_stays(meter, stepper)
        stepper.step(mark)
    return WatchedStep(meter.ledger.timeline(part_of), heaps[0], tuple(marks))


def evaluation_memory(stepper: Stepper, before: Before) -> MemoryByCause:
    """Measure the evaluation of a trained `stepper`, whose state stays in memory as it does behind a training run.

    A probe of one epoch holds what a probe of fifty does, and corrupted images are held one batch at a time: both are
    cut short. The kernel's peak is that of the watched evaluation, the meter's own notes included.
    """
    heaps: list[Heap | None] = [None]

    def note_heap() -> None:
        heaps[0] = heap()

    run, dataset, device = stepper.run, stepper.dataset, stepper.numerics.device
    first_candidate = {"learning_rates": run.evaluate.probe.learning_rates[:1], "weight_decays": (0.0,), "epochs": 1}
    config = run.evaluate.model_copy(
        update={"probe": run.evaluate.probe.model_copy(update=first_candidate), "corruptions": False}
    )
    meter = AllocationMeter(device, scope=EVALUATION, at_new_peak=note_heap)
    restart_peaks(device)
    with meter:
        claim_what_stays(meter, stepper)
        evaluate_encoder(
            stepper.state.query_encoder, dataset, config, augment=run.train.augment, seed=run.seed, device=device
        )
    after, on_device = process_memory(), device_memory(device)
    return account(before, after, on_device, meter.ledger.timeline(part_of), heaps[0])


def part_of(block: Block) -> str:
    """The part of memory that a block belongs to, by what it is or else by when it came."""
    if block.cause is not None:
        return block.cause
    if block.scope == QUERY_FORWARD:
        return "activations" if block.saved else "query_temporaries"
    if block.scope == LOSS:
        return "loss"
    if block.scope in (DATA, AUGMENTATION):
        return "input"
    if block.scope == KEY_FORWARD:
        return "key_temporaries"
    if block.scope == EVALUATION:
        return EVALUATION
    return "backward_temporaries" if block.scope == BACKWARD else "update_temporaries"


def claim_what_stays(meter: AllocationMeter, stepper: Stepper) -> None:
    """Tell the meter what the state between two steps is made of."""
    state = stepper.state
    meter.claim("data_set", [stepper.inputs.images, stepper.dataset.evaluation.images])
    meter.claim("parameters", _tensors_of(state.query_encoder))
    meter.claim("key_encoder", _tensors_of(state.key_encoder))
    meter.claim("gradients", _gradients(state))
    for slots in state.optimiser.state.values():
        meter.claim("optimiser_state", (slot for slot in slots.values() if isinstance(slot, torch.Tensor)))
    meter.claim("queue", state.queue.buffers())
    if state.query_queue is not None:
        meter.claim("queue", state.query_queue.buffers())


def _tensors_of(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _gradients(state: TrainingState) -> list[torch.Tensor]:
    return [parameter.grad for parameter in state.query_encoder.parameters() if parameter.grad is not None]


def _mib(size: int | None) -> float | None:
    return None if size is None else size / MIB
