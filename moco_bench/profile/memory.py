"""Peak memory of one training step by cause: what tensors hold, and what the process holds beyond them.

Steps are made eagerly throughout, whatever `train.compile` says: what a compiled pass allocates inside of itself no
dispatch mode sees, and under one Dynamo would step aside, so that parts and peak were those of different steps.
"""

import gc
from dataclasses import dataclass, replace

import torch

from moco_bench.data.datasets import DataSet
from moco_bench.data.stored import bytes_in_memory
from moco_bench.evaluate.metrics import evaluate_encoder
from moco_bench.measure.allocations import MIB, AllocationMeter, Block, Event, Timeline
from moco_bench.measure.heap import heap
from moco_bench.measure.process import ProcessMemory, device_memory, process_memory, reset_peak, restart_peak
from moco_bench.measure.reachable_tensors import bytes_held
from moco_bench.profile.accounting import EVALUATION, Before, HeapWatch, MemoryByCause, account
from moco_bench.profile.parts import AUGMENTATION, BACKWARD, DATA, DATA_WAIT, KEY_FORWARD, LOSS, QUERY_FORWARD
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.runs import Run
from moco_bench.train.compilation import COMPILED
from moco_bench.train.state import TrainingState

CPU = torch.device("cpu")
SETTLE_STEPS = 3
"""Steps before counting: from then on optimiser state, gradients and the allocator's caches exist."""

WATCHED_STEPS = 5
"""Steps over which the kernel's peak is taken."""


@dataclass(frozen=True)
class WatchedStep:
    """What the meter recorded in one step."""

    timeline: Timeline
    marks: tuple[tuple[float, str], ...]
    events: tuple[Event, ...] = ()
    began: float = 0.0
    """Start of the timeline, by `time.perf_counter`."""


def before_the_model(dataset: DataSet, device: torch.device = CPU) -> Before:
    """Read the counters while only the images are in memory."""
    gc.collect()
    images = sum(bytes_in_memory(split.images) for split in (dataset.train, dataset.evaluation))
    return Before(process_memory(), heap(), images, bytes_held(device), _libraries_on(device))


def _libraries_on(device: torch.device) -> int:
    """Bytes that libraries hold of CUDA's allocator: cuBLAS has a workspace from its first matmul on.

    No dispatch mode sees it, and it is as large as a small model.
    """
    if device.type != "cuda":
        return 0
    ones = torch.ones(64, 64, device=device)
    torch.mm(ones, ones)
    torch.cuda.synchronize(device)
    del ones
    return torch.cuda.memory_allocated(device) - bytes_held(device)


def training_memory(stepper: Stepper, before: Before) -> MemoryByCause:
    """Measure the training step of a fresh `stepper`, which must not be compiled.

    Call it in a process that has done nothing else: what earlier work freed would count as this arm's.
    """
    stepper.plant_ties()
    stepper.steps(SETTLE_STEPS)
    device = stepper.numerics.device
    restarted = restart_peaks(device)
    stepper.steps(WATCHED_STEPS)
    stepper.synchronise()
    after, on_device = _counted(restarted), device_memory(device)
    watch = at_rest(device)
    watched = watch_step(stepper, watch)
    return replace(account(before, after, on_device, watched.timeline, watch), marks=watched.marks)


def restart_peaks(device: torch.device) -> bool:
    """Reset the kernel's and the device's peaks; False if the kernel's can't be reset."""
    reset_peak(device)
    return restart_peak()


def _counted(restarted: bool) -> ProcessMemory:
    """The process's counters, without the peak if it could not be reset."""
    counted = process_memory()
    return counted if restarted else replace(counted, peak=None)


def compiled_peak(run: Run, dataset: DataSet, device: torch.device) -> dict[str, float | None]:
    """Peak MiB of compiled steps on CUDA and of their graphs' pools; empty if the run isn't compiled there.

    Nothing says what a graph's bytes belong to, so this is a figure of its own beside the causes of eager steps.
    """
    if device.type != "cuda":
        return {}
    stepper = Stepper(run, dataset, str(device))
    if stepper.compilation != COMPILED:
        return {}
    restart_peaks(device)  # before the first step, as in training: a graph that is replayed allocates nothing
    stepper.steps(SETTLE_STEPS + WATCHED_STEPS)
    stepper.synchronise()
    found = device_memory(device)
    assert found is not None
    return {"cuda_compiled_allocated": found.allocated / MIB, "cuda_graph_pools": found.graph_pools / MIB}


def watch_step(stepper: Stepper, watch: HeapWatch | None = None) -> WatchedStep:
    """Make one step under the meter, eagerly, and attribute every byte. `watch` records the heap meanwhile."""
    marks: list[tuple[float, str]] = []
    meter = AllocationMeter(stepper.numerics.device, after_operator=watch.note if watch else lambda size: None)

    def mark(part: str) -> None:
        marks.append((meter.ledger.seconds(), part))
        if meter.scope == BACKWARD:  # it has just ended: its gradients exist
            meter.claim("gradients", _gradients(stepper.state))
        meter.scope = part

    with meter, stepper.eagerly():
        claim_what_stays(meter, stepper)
        for event in meter.ledger.events:
            event.block.before = True
        if watch is not None:
            watch.begin(meter.live)
        stepper.step(mark)
    return WatchedStep(meter.ledger.timeline(part_of), tuple(marks), tuple(meter.ledger.events), meter.ledger.began)


def at_rest(device: torch.device) -> HeapWatch:
    """The heap and the tensors that Python reaches while nothing runs."""
    gc.collect()
    return HeapWatch(held=bytes_held(device), rest=heap())


def evaluation_memory(stepper: Stepper, before: Before) -> MemoryByCause:
    """Measure the evaluation of a trained `stepper`, whose state stays in memory as after a training run.

    Corrupted images are held one batch at a time and are left out. The kernel's peak is that of the watched evaluation,
    the meter's own notes included.
    """
    run, dataset, device = stepper.run, stepper.dataset, stepper.numerics.device
    config = run.evaluate.model_copy(update={"corruptions": False})
    watch = HeapWatch()
    meter = AllocationMeter(device, scope=EVALUATION, after_operator=watch.note)
    restarted = restart_peaks(device)
    with meter:
        claim_what_stays(meter, stepper)
        watch.begin(meter.live)
        evaluate_encoder(
            stepper.state.query_encoder, dataset, config, augment=run.train.augment, seed=run.seed, device=device
        )
    after, on_device = _counted(restarted), device_memory(device)
    behind = at_rest(device)  # what the evaluation itself brought in of libraries is still there
    watch.held, watch.rest = behind.held, behind.rest
    return account(before, after, on_device, meter.ledger.timeline(part_of), watch)


def part_of(block: Block) -> str:
    """The part of memory that a block belongs to: by its cause if known, else by when it was allocated."""
    if block.cause is not None:
        return block.cause
    if block.scope == QUERY_FORWARD:
        return "activations" if block.saved else "query_temporaries"
    if block.scope == LOSS:
        return "loss"
    if block.scope in (DATA, DATA_WAIT, AUGMENTATION):
        return "input"
    if block.scope == KEY_FORWARD:
        return "key_temporaries"
    if block.scope == EVALUATION:
        return EVALUATION
    return "backward_temporaries" if block.scope == BACKWARD else "update_temporaries"


def claim_what_stays(meter: AllocationMeter, stepper: Stepper) -> None:
    """Tell the meter the causes of all tensors that persist between steps."""
    state = stepper.state
    splits = (stepper.inputs.feed.resident, stepper.dataset.train.images, stepper.dataset.evaluation.images)
    meter.claim("data_set", [images for images in splits if isinstance(images, torch.Tensor)])
    meter.claim("parameters", [*state.query_encoder.parameters(), *state.query_encoder.buffers()])
    meter.claim("key_encoder", [*state.key_encoder.parameters(), *state.key_encoder.buffers()])
    meter.claim("gradients", _gradients(state))
    for slots in state.optimiser.state.values():
        meter.claim("optimiser_state", (slot for slot in slots.values() if isinstance(slot, torch.Tensor)))
    meter.claim("queue", state.queue.buffers())
    if state.query_queue is not None:
        meter.claim("queue", state.query_queue.buffers())


def _gradients(state: TrainingState) -> list[torch.Tensor]:
    return [parameter.grad for parameter in state.query_encoder.parameters() if parameter.grad is not None]
