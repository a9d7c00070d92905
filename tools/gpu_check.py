"""The checks behind `tools/gpu_check.sh`: each leaves its findings or its error in one JSON."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

SECONDS = 480.0
"""Of all checks; what would begin later is left out and named."""

TESTS = ("contrast/test_device.py", "train/test_step_launches.py", "data/test_views.py", "measure/test_stopwatch.py")
CURVE = {1: (6.957, 31.98), 2: (7.250, None), 5: (None, 37.95), 10: (5.991, 48.03)}
"""MoCo's CIFAR-10 demo: training loss and kNN of the projection after so many epochs."""

COMPILED_BOUND = 0.02
"""By how much the loss of a compiled step may differ from an eager one's, of its value: bfloat16 has 8 bits."""

LOSS_SIZES = ((256, 4096), (512, 4096), (256, 65536), (512, 65536))


@dataclass(frozen=True)
class Size:
    """How much is done.

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


def main(words: list[str] | None = None) -> int:
    """Run the checks; exit code 1 where one failed."""
    parser = argparse.ArgumentParser(description="What only a card can show, in one JSON.")
    parser.add_argument("out", nargs="?", type=Path, default=Path("gpu_check.json"))
    parser.add_argument("--dry-run", action="store_true", help="on a CPU, as small as it goes")
    parser.add_argument("--only", choices=tuple(CHECKS), action="append", help="may be repeated (default: all)")
    options = parser.parse_args(words)
    if not options.dry_run and not torch.cuda.is_available():
        print("gpu_check: no CUDA device is here; --dry-run works without one", file=sys.stderr)
        return 2
    began, found = time.monotonic(), {}
    for name in options.only or CHECKS:
        left = SECONDS - (time.monotonic() - began)
        found[name] = _tried(CHECKS[name], DRY if options.dry_run else ON_GPU, left)
        print(f"{name}: {found[name]['outcome']} ({found[name]['seconds']:.0f} s)", flush=True)
        options.out.write_text(json.dumps({"dry_run": options.dry_run, **found}, indent=1), encoding="utf-8")
    return int(any(check["outcome"] == "failed" for check in found.values()))


def _tried(check: Callable[[Size, float], dict[str, Any]], size: Size, left: float) -> dict[str, Any]:
    began = time.monotonic()
    if left < 10:
        return {"outcome": "left out: no time", "seconds": 0.0}
    try:
        result = check(size, left)
        outcome = result.pop("outcome", "passed")
    except Exception:  # a check that fails must not take the others with it
        result, outcome = {"error": traceback.format_exc()[-2000:]}, "failed"
    return {"outcome": outcome, "seconds": time.monotonic() - began, **result}


def device(size: Size, left: float) -> dict[str, Any]:
    """What it ran on."""
    from moco_bench.measure.machine import describe_accelerator, describe_machine, describe_versions

    return {
        "machine": describe_machine(),
        "versions": describe_versions(),
        "accelerator": describe_accelerator(torch.device(size.device)),
    }


def tests(size: Size, left: float) -> dict[str, Any]:
    """Tests that have something to say on CUDA."""
    paths = [f"tests/{name}" for name in (TESTS if size.device != "cpu" else TESTS[1:2])]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=min(left, 120), check=False)
    return {"outcome": "passed" if done.returncode == 0 else "failed", "tail": done.stdout[-1500:]}


def step(size: Size, left: float) -> dict[str, Any]:
    """Images/s without a wait in between, launches, waits, and memory by part against the allocator's own peak."""
    from moco_bench.measure.launches import LaunchCounter

    found: dict[str, Any] = {}
    modes = (("float32", "never"), ("bfloat16", "never"), ("bfloat16", "always"))
    for precision, compiled in modes if size.device != "cpu" else modes[:1]:
        stepper = _stepper(size, precision, compiled)
        for _ in range(3):
            stepper.step()
        stepper.synchronise()
        began = time.perf_counter()
        with _no_waiting(size.device):
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
        }
    return found


def memory(size: Size, left: float) -> dict[str, Any]:
    """Memory by cause against the allocator's peak; on a GPU a tenth of it may have no name. Compiled steps' peak."""
    from moco_bench.profile.memory import before_the_model, compiled_peak, training_memory
    from moco_bench.profile.stepper import Stepper

    images, run, where = _images(size), _run(size, "float32", "never"), torch.device(size.device)
    before = before_the_model(images, where)
    measured = training_memory(Stepper(run, images), before)
    found: dict[str, Any] = {
        "parts_mib": measured.parts,
        "peak_mib": measured.peak,
        "unattributed_of_peak": measured.unattributed_of_peak,
        "counters_mib": measured.counters,
        "compiled_mib": compiled_peak(_run(size, "bfloat16", "always"), images, where) if size.device != "cpu" else {},
    }
    if size.device != "cpu" and measured.unattributed_of_peak >= 0.1:
        found["outcome"] = "failed"
    return found


def feed(size: Size, left: float) -> dict[str, Any]:
    """Images that are read ahead from the CPU's memory: the bytes of those on the device, and what they cost a step."""
    from moco_bench.train.feed import Batch, Prefetched, Resident

    stepper, where = _stepper(size, "float32", "never"), torch.device(size.device)
    images = stepper.dataset.train.images
    feeds = {"resident": Resident(images, where), "prefetched": Prefetched(images, where)}
    batches = [torch.randint(len(images), (size.batch,)) for _ in range(5)]
    for numbers, upcoming in zip(batches, [*batches[1:], None], strict=True):
        batch = Batch(numbers, numbers.to(where), upcoming)
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


def compiled(size: Size, left: float) -> dict[str, Any]:
    """Whether compiled steps compute what eager ones do, within `COMPILED_BOUND`."""
    values: dict[str, list[float]] = {}
    for how in ("never", "always"):
        stepper = _stepper(size, "bfloat16" if size.device != "cpu" else "float32", how)
        values[stepper.compilation] = [_loss_of(stepper) for _ in range(5)]
    if len(values) < 2:
        return {"outcome": "left out: nothing was compiled here", "losses": values}
    eager, other = values.values()
    worst = max(abs(a - b) / abs(a) for a, b in zip(eager, other, strict=True))
    return {"outcome": "passed" if worst <= COMPILED_BOUND else "failed", "worst": worst, "losses": values}


def resume(size: Size, left: float) -> dict[str, Any]:
    """A run that is stopped in the middle of an epoch and goes on, against one that isn't: equal to the byte."""
    from moco_bench.errors import Interrupted
    from moco_bench.train.pretrain import pretrain
    from moco_bench.train.state import hash_of_weights

    run, images = _run(size, "float32", "never", epochs=2), _images(size)
    hashes = []
    with tempfile.TemporaryDirectory() as folder:
        hashes.append(hash_of_weights(pretrain(run, images, Path(folder) / "whole", device=size.device).encoder))
        asked = iter(range(10**6))
        try:
            pretrain(run, images, Path(folder) / "b", device=size.device, stop_requested=lambda: next(asked) >= 2)
        except Interrupted:
            hashes.append(hash_of_weights(pretrain(run, images, Path(folder) / "b", device=size.device).encoder))
    equal = len(hashes) == 2 and hashes[0] == hashes[1]
    return {"outcome": "passed" if equal else "failed", "hashes": hashes}


def peers(size: Size, left: float) -> dict[str, Any]:
    """The benchmark: this package beside lightly and a plain loop."""
    from benchmarks.peers.run import run_benchmark
    from benchmarks.peers.settings import Timing, Workload

    tiny = size.device == "cpu"
    sizes = {"loss_batch": 16, "loss_queue": 256, "short_loss_queue": 128, "product_side": 64} if tiny else {}
    workload = Workload({size.encoder: size.batch}, images=64 if tiny else 4096, **sizes)
    cores = 1 if tiny else len(os.sched_getaffinity(0))
    seconds = 1.0 if tiny else min(40.0, left / 4)
    timing = Timing(1 if tiny else 5, cores, 1, seconds, cores, cores)
    result = run_benchmark(workload, timing, _images(size), device=size.device, compiled=not tiny)
    names = ("throughput", "ratios", "ratios_float32", "ceiling_share", "ceiling_gflops", "loss", "loss_short_queue")
    return {name: result[name] for name in names}


def curve(size: Size, left: float) -> dict[str, Any]:
    """Ten epochs of the demo's recipe on CIFAR-10, beside its published curve."""
    from moco_bench.data.datasets import load_dataset
    from moco_bench.evaluate.accuracy import knn_of
    from moco_bench.evaluate.features import embed
    from moco_bench.suite.load import load_suite
    from moco_bench.suite.runs import expand
    from moco_bench.train.pretrain import pretrain

    root = Path(os.environ.get("MOCO_BENCH_DATA", "data"))
    if size.device == "cpu" or not (root / "cifar-10-batches-py").is_dir():
        return {"outcome": "left out: needs a card, and CIFAR-10 in MOCO_BENCH_DATA"}
    run = next(run for run in expand(load_suite(Path("config/cifar10.yaml"))) if run.arm == "vanilla")
    train = run.train.model_copy(update={"epochs": 10, "schedule": "constant", "checkpoint_seconds": 1e9})
    contrast = run.contrast.model_copy(update={"filter_warmup_steps": 0})
    short = _changed(run, train=train, contrast=contrast)
    images = load_dataset(run.dataset.model_copy(update={"root": str(root)}))
    with tempfile.TemporaryDirectory() as folder:
        trained = pretrain(short, images, Path(folder), device=size.device)
    bank, queries = (
        embed(
            trained.encoder, part.images, mean=images.mean, std=images.std, batch_size=500, device=size.device
        ).projection
        for part in (images.train, images.evaluation)
    )
    ours = {row["epoch"]: row["train_loss"] for row in trained.state.progress.history}
    return {
        "published": CURVE,
        "loss": {epoch: ours.get(epoch) for epoch in CURVE},
        "knn_after_ten": knn_of(bank, queries, images, run.evaluate, device=size.device),
    }


CHECKS: dict[str, Callable[[Size, float], dict[str, Any]]] = {
    check.__name__: check for check in (device, memory, tests, step, losses, feed, compiled, resume, peers, curve)
}


def _changed(run: Any, **sections: Any) -> Any:
    from dataclasses import replace

    return replace(run, **sections)


def _images(size: Size) -> Any:
    from benchmarks.peers.images import bench_images
    from benchmarks.peers.settings import Workload

    return bench_images(Workload({size.encoder: size.batch}, images=4 * size.batch))


def _run(size: Size, precision: str, how: str, epochs: int = 1) -> Any:
    from benchmarks.peers.own import run_of
    from benchmarks.peers.settings import Workload
    from moco_bench.suite.config import TrainConfig

    words = {"batch_size": size.batch, "precision": precision, "compile": how, "device": size.device}
    train = TrainConfig.model_validate({**words, "threads": 1, "epochs": epochs})
    return run_of(size.encoder, Workload({size.encoder: size.batch}), train)


def _stepper(size: Size, precision: str, how: str) -> Any:
    from moco_bench.profile.stepper import Stepper

    return Stepper(_run(size, precision, how), _images(size))


def _loss_of(stepper: Any) -> float:
    """The loss of the next step, which is made."""
    from moco_bench.profile import stepper as module

    seen: list[float] = []
    usual = module.training_step

    def watched(*words: Any, **named: Any) -> Any:
        result = usual(*words, **named)
        seen.append(float(result.loss))
        return result

    module.training_step = watched  # the stepper tells no losses
    try:
        stepper.step()
    finally:
        module.training_step = usual
    return seen[0]


class _no_waiting:
    """On a GPU, PyTorch refuses what would wait for the device."""

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
    """Median milliseconds, and MiB at the peak above what was there before (None on a CPU)."""
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


if __name__ == "__main__":
    sys.exit(main())
