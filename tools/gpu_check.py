"""The checks behind `tools/gpu_check.sh`: each leaves its findings or its error in one JSON."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tools.gpu_equal import arms, losses_equal, losses_of, resume
from tools.gpu_speed import DRY, ON_GPU, Size, feed, losses, memory, peers, step, stepper_of

SECONDS = 480.0
"""Time for all checks; checks that would begin later are left out and named."""

TESTS = ("contrast/test_device.py", "train/test_step_launches.py", "data/test_views.py", "measure/test_stopwatch.py")
CURVE = {1: (6.957, 31.98), 2: (7.250, None), 5: (None, 37.95), 10: (5.991, 48.03)}
"""MoCo's CIFAR-10 demo: training loss and kNN accuracy of the projection, by number of epochs."""

COMPILED_BOUND = 0.02
"""Allowed relative difference between losses of compiled and eager steps: bfloat16 has 8 bits."""


def main(words: list[str] | None = None) -> int:
    """Run the checks; exit code 1 where one failed."""
    parser = argparse.ArgumentParser(description="What only a card can show, in one JSON.")
    parser.add_argument("out", nargs="?", type=Path, default=Path("gpu_check.json"))
    parser.add_argument("--dry-run", action="store_true", help="on a CPU, as small as it goes")
    parser.add_argument("--only", choices=tuple(CHECKS), action="append", help="may be repeated (default: all)")
    options = parser.parse_args(words)
    out = Path(os.environ.get("GPU_CHECK_CALLED_FROM", ""), options.out)  # `gpu_check.sh` has changed the folder
    if not options.dry_run and not torch.cuda.is_available():
        print("gpu_check: no CUDA device is here; --dry-run works without one", file=sys.stderr)
        return 2
    began, found = time.monotonic(), {}
    for name in options.only or CHECKS:
        left = SECONDS - (time.monotonic() - began)
        found[name] = _tried(CHECKS[name], DRY if options.dry_run else ON_GPU, left)
        print(f"{name}: {found[name]['outcome']} ({found[name]['seconds']:.0f} s)", flush=True)
        out.write_text(json.dumps({"dry_run": options.dry_run, **found}, indent=1), encoding="utf-8")
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
    """Machine, versions and accelerator of this check."""
    from moco_bench.measure.machine import describe_accelerator, describe_machine, describe_versions

    return {
        "machine": describe_machine(),
        "versions": describe_versions(),
        "accelerator": describe_accelerator(torch.device(size.device)),
    }


def tests(size: Size, left: float) -> dict[str, Any]:
    """Run the tests that exercise CUDA."""
    paths = [f"tests/{name}" for name in (TESTS if size.device != "cpu" else TESTS[1:2])]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=min(left, 120), check=False)
    return {"outcome": "passed" if done.returncode == 0 else "failed", "tail": done.stdout[-1500:]}


def compiled(size: Size, left: float) -> dict[str, Any]:
    """Whether the losses of compiled and eager steps agree within `COMPILED_BOUND`."""
    from moco_bench.train.compilation import COMPILED

    precision = "bfloat16" if size.device != "cpu" else "float32"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        stepper = stepper_of(size, precision, "always")
    if stepper.compilation != COMPILED:
        outcome = "failed" if "failed" in stepper.compilation else f"left out: {stepper.compilation}"
        return {
            "outcome": outcome,
            "compilation": stepper.compilation,
            "warnings": [str(each.message) for each in told],
        }
    values = {"eager": losses_of(stepper_of(size, precision, "never"), 4), COMPILED: losses_of(stepper, 4)}
    worst = max(abs(a - b) / abs(a) for a, b in zip(*values.values(), strict=True))
    return {"outcome": "passed" if worst <= COMPILED_BOUND else "failed", "worst": worst, "losses": values}


def curve(size: Size, left: float) -> dict[str, Any]:
    """Train ten epochs of the demo's recipe on CIFAR-10, and compare with its published curve."""
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
    short = replace(run, train=train, contrast=contrast)
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
    check.__name__: check
    for check in (device, memory, tests, step, losses_equal, arms, losses, feed, compiled, resume, peers, curve)
}


if __name__ == "__main__":
    sys.exit(main())
