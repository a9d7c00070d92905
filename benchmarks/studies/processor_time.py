"""Images per second of processor time, side by side with lightly: for machines that others use, too.

    python -m benchmarks.studies.processor_time [--rounds 5]

All loops run in this process with one thread, the DataLoader included, and take turns. What counts is the processor
time of the fastest step of each turn, as other processes only ever add to it.
"""

import argparse
import time
from statistics import median

import torch

from benchmarks.peers.contenders import LineUp
from benchmarks.peers.images import bench_images
from benchmarks.peers.settings import Timing, workload
from moco_bench.measure.machine import bfloat16_hardware

ENCODER = "resnet-compact"
WARMUP_STEPS, STEPS = 2, 4


def main(words: list[str] | None = None) -> None:
    """Print each contender's median over rounds, and its ratio to lightly's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(words).rounds
    torch.set_num_threads(1)
    work = workload((ENCODER,))
    timing = Timing(rounds=rounds, steps=STEPS, warmup_steps=WARMUP_STEPS, seconds=0.0, threads=1, workers=0)
    precisions = ("float32", "bfloat16") if bfloat16_hardware() != "none" else ("float32",)
    line_up = LineUp(ENCODER, bench_images(work), work, timing, torch.device("cpu"), precisions)
    loops = [*line_up.own()[0], *line_up.peers()[0]]
    rates: dict[str, list[float]] = {}
    for _ in range(rounds):
        for loop in loops:
            rates.setdefault(loop.name, []).append(work.batch_sizes[ENCODER] / _seconds(loop))
    for name, own in rates.items():
        ratios = [rate / other for rate, other in zip(own, rates.get("lightly", own), strict=True)]
        print(f"{name}: {median(own):.0f} images per second of processor time, {median(ratios):.2f} times lightly")


def _seconds(loop: object) -> float:
    """Processor seconds of the fastest step of a turn."""
    with loop.turn() as step:  # type: ignore[attr-defined]
        for _ in range(WARMUP_STEPS):
            step()
        seconds = []
        for _ in range(STEPS):
            began = time.process_time()
            step()
            seconds.append(time.process_time() - began)
    return min(seconds)


if __name__ == "__main__":
    main()
