"""Time and memory of steps and losses on a card, for `tools/gpu_check.sh`; `gpu_check.py` is the command."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

LOSS_SIZES = ((256, 4096), (512, 4096), (256, 65536), (512, 65536))


@dataclass(frozen=True)
class Size:
    """The sizes of a check's workload.

    Attributes:
        device: `cuda:0` or `cpu`.
        encoder: of the step.
        batch: B of the step.
        steps: timed ones.
        losses: B and K of the losses on their own.
    """

    device: str
    encoder: str
    batch: int
    steps: int
    losses: tuple[tuple[int, int], ...]


ON_GPU = Size("cuda:0", "resnet18-cifar", 512, 60, LOSS_SIZES)
DRY = Size("cpu", "resnet-compact", 16, 3, ((16, 256),))


def images_of(size: Size) -> Any:
    """Noise images, enough for four batches."""
    from benchmarks.peers.images import bench_images
    from benchmarks.peers.settings import Workload

    return bench_images(Workload({size.encoder: size.batch}, images=4 * size.batch))


def run_of(size: Size, precision: str, how: str, epochs: int = 1) -> Any:
    """A run of this size; `how` is its `train.compile`."""
    from benchmarks.peers.own import run_of as own_run_of
    from benchmarks.peers.settings import Workload
    from moco_bench.suite.config import TrainConfig

    words = {"batch_size": size.batch, "precision": precision, "compile": how, "device": size.device}
    train = TrainConfig.model_validate({**words, "threads": 1, "epochs": epochs})
    return own_run_of(size.encoder, Workload({size.encoder: size.batch}), train)


def stepper_of(size: Size, precision: str, how: str) -> Any:
    """A stepper, which makes steps of such a run one at a time."""
    from moco_bench.profile.stepper import Stepper

    return Stepper(run_of(size, precision, how), images_of(size))


def step(size: Size, left: float) -> dict[str, Any]:
    """Images per second of unsynchronised steps; launches and waits by part as dispatched; a step's calls to CUDA."""
    from benchmarks.launches import LaunchCounter, device_calls

    found: dict[str, Any] = {}
    modes = (("float32", "never"), ("bfloat16", "never"), ("bfloat16", "always"))
    for precision, compiled in modes if size.device != "cpu" else modes[:1]:
        stepper = stepper_of(size, precision, compiled)
        for _ in range(3):
            stepper.step()
        stepper.synchronise()
        began = time.perf_counter()
        with no_waiting(size.device):
            for _ in range(size.steps):
                stepper.step()
        stepper.synchronise()
        seconds = time.perf_counter() - began
        counter = LaunchCounter()
        with stepper.eagerly(), counter.counting():
            stepper.step(counter)
        found[f"{precision} {stepper.compilation}"] = {
            "images_per_second": size.batch * size.steps / seconds,
            "launches": {part: counter.launches(part) for part in counter.operators},
            "waits": counter.waits,
            "calls": device_calls(stepper.step, stepper.numerics.device),
        }
    return found


def memory(size: Size, left: float) -> dict[str, Any]:
    """Memory by cause and the allocator's peak, of which less than 10 % may be unattributed; compiled steps' peak."""
    from moco_bench.profile.memory import before_the_model, compiled_peak, training_memory
    from moco_bench.profile.stepper import Stepper

    images, run, where = images_of(size), run_of(size, "float32", "never"), torch.device(size.device)
    before = before_the_model(images, where)
    measured = training_memory(Stepper(run, images), before)
    found: dict[str, Any] = {
        "parts_mib": measured.parts,
        "peak_mib": measured.peak,
        "unattributed_of_peak": measured.unattributed_of_peak,
        "counters_mib": measured.counters,
        "compiled_mib": compiled_peak(run_of(size, "bfloat16", "always"), images, where)
        if size.device != "cpu"
        else {},
    }
    if size.device != "cpu" and measured.unattributed_of_peak >= 0.1:
        found["outcome"] = "failed"
    return found


def feed(size: Size, left: float) -> dict[str, Any]:
    """Check that prefetched images equal resident ones, and measure what prefetching costs a step."""
    from moco_bench.train.feed import BatchIndices, Prefetched, Resident

    stepper, where = stepper_of(size, "float32", "never"), torch.device(size.device)
    images = stepper.dataset.train.images
    feeds = {"resident": Resident(images, where), "prefetched": Prefetched(images, where)}
    batches = [torch.randint(len(images), (size.batch,)) for _ in range(5)]
    for numbers, upcoming in zip(batches, [*batches[1:], None], strict=True):
        batch = BatchIndices(numbers, numbers.to(where), upcoming)
        first, second = (each.gather(batch) for each in feeds.values())
        assert torch.equal(first, second), "images that were read ahead are others"
    found: dict[str, Any] = {}
    for name, each in feeds.items():
        stepper.inputs.feed = each
        for _ in range(3):
            stepper.step()
        stepper.synchronise()
        began = time.perf_counter()
        for _ in range(size.steps):
            stepper.step()
        stepper.synchronise()
        found[f"{name}_images_per_second"] = size.batch * size.steps / (time.perf_counter() - began)
    return found


def losses(size: Size, left: float) -> dict[str, Any]:
    """Time and peak of the loss against the plain version of the same rule."""
    from moco_bench.components.negatives import All, Hardest
    from moco_bench.contrast import kept_version
    from moco_bench.contrast.device import as_on_gpu

    rows, where = [], torch.device(size.device)
    for batch, queue in size.losses:
        unit = torch.nn.functional.normalize
        query, key, keys = (unit(torch.randn(n, 128, device=where), dim=1) for n in (batch, batch, queue))
        query.requires_grad_()
        for name, rule in (("all", All()), ("hardest 25 %", Hardest(fraction=0.25))):
            row: dict[str, Any] = {"batch": batch, "queue": queue, "rule": name}
            for version, context in (("plain", kept_version), ("ours", as_on_gpu)):
                once = partial(_loss_once, query, key, keys, rule, context)
                row[f"{version}_ms"], row[f"{version}_mib"] = _timed(once, where, 3 if size is DRY else 20)
            row["ratio"] = row["ours_ms"] / row["plain_ms"]
            rows.append(row)
    return {"rows": rows}


def peers(size: Size, left: float) -> dict[str, Any]:
    """Benchmark this package against lightly and a plain loop."""
    from benchmarks.peers.run import run_benchmark
    from benchmarks.peers.settings import Timing, Workload

    tiny = size.device == "cpu"
    sizes = {"loss_batch": 16, "loss_queue": 256, "short_loss_queue": 128, "product_side": 64} if tiny else {}
    workload = Workload({size.encoder: size.batch}, images=64 if tiny else 4096, **sizes)
    cores = 1 if tiny else len(os.sched_getaffinity(0))
    seconds = 1.0 if tiny else min(40.0, left / 4)
    timing = Timing(1 if tiny else 5, cores, 1, seconds, cores, cores)
    result = run_benchmark(workload, timing, images_of(size), device=size.device, compiled=not tiny)
    names = ("throughput", "ratios", "ratios_float32", "ceiling_share", "ceiling_gflops", "loss", "loss_short_queue")
    return {name: result[name] for name in names}


class no_waiting:
    """Within it, on a GPU, PyTorch refuses operators that would synchronise with the device."""

    def __init__(self, where: str) -> None:
        self._on = where != "cpu"

    def __enter__(self) -> None:
        if self._on:
            torch.cuda.set_sync_debug_mode("error")

    def __exit__(self, *error: object) -> None:
        if self._on:
            torch.cuda.set_sync_debug_mode("default")


def _loss_once(query: torch.Tensor, key: torch.Tensor, queue: torch.Tensor, rule: Any, context: Any) -> None:
    from moco_bench.contrast import contrastive_loss

    query.grad = None
    with context():
        contrastive_loss(query, key, queue, temperature=0.1, negatives=rule).backward()


def _timed(work: Callable[[], None], where: torch.device, tries: int) -> tuple[float, float | None]:
    """Median milliseconds, and peak MiB above what was allocated before (None on a CPU)."""
    on_gpu = where.type == "cuda"
    work()
    before = 0
    if on_gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        work()
        if on_gpu:
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - began))
    peak = (torch.cuda.max_memory_allocated() - before) / 2**20 if on_gpu else None
    return statistics.median(times), peak
