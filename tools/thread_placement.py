"""How a grid uses all cores best: as many runs of one thread as there are cores, against one run of as many threads.

    python tools/thread_placement.py [--encoder resnet-compact] [--cores 2] [--rounds 5] [--seconds 8]

Every turn starts fresh processes, which train on noise for some seconds and count their images; the two ways take
turns. Printed are images/s of all processes together, as medians over rounds, and the median of ratios within rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

from moco_bench.bench.settings import ENCODERS

WARMUP_STEPS = 3


def main(words: list[str] | None = None) -> int:
    """Print a row a way."""
    parser = argparse.ArgumentParser(description="Many runs of one thread against one run of many.")
    parser.add_argument("--encoder", choices=tuple(ENCODERS), default="resnet-compact")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--turn", type=int, metavar="THREADS", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.turn:
        print(_images_per_second(options))
        return 0
    rounds = [
        (_together(options, options.cores, 1), _together(options, 1, options.cores)) for _ in range(options.rounds)
    ]
    many, one = (statistics.median(way) for way in zip(*rounds, strict=True))
    ratio = statistics.median(many / one for many, one in rounds)
    print(f"{options.cores} runs of 1 thread   {many:8.0f} images/s in all")
    print(f"1 run of {options.cores} threads   {one:8.0f} images/s")
    print(f"ratio               {ratio:8.2f}")
    return 0


def _together(options: argparse.Namespace, runs: int, threads: int) -> float:
    settings = ["--encoder", options.encoder, "--batch-size", options.batch_size, "--seconds", options.seconds]
    command = [sys.executable, __file__, *map(str, settings), "--turn", str(threads)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(runs)
    ]
    for process in processes:  # all are ready before any begins
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sum(float(process.communicate()[0]) for process in processes)


def _images_per_second(options: argparse.Namespace) -> float:
    from moco_bench.bench.images import bench_images
    from moco_bench.bench.own import run_of
    from moco_bench.bench.settings import workload
    from moco_bench.profile.stepper import Stepper
    from moco_bench.suite.config import TrainConfig

    settings = workload((options.encoder,))
    train = TrainConfig(
        batch_size=options.batch_size, threads=options.turn, device="cpu", compile="never", augment=settings.augment
    )
    stepper = Stepper(run_of(options.encoder, settings, train), bench_images(settings))
    for _ in range(WARMUP_STEPS):
        stepper.step()
    print("ready", flush=True)
    sys.stdin.readline()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < options.seconds:
        stepper.step()
        steps += 1
    return steps * options.batch_size / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
