"""What it is worth that malloc keeps freed memory (`moco_bench.measure.allocator`): the same steps with and without.

    python tools/freed_memory.py [--encoder resnet-compact] [--batch-size 256] [--rounds 5] [--steps 10]

Each turn is a process of its own, since the setting can't be taken back; the two take turns. Printed are medians over
rounds, and the median of the ratios within rounds: processor time a step, page faults a step, peak resident memory.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

QUICKSTART = Path(__file__).parents[1] / "config" / "quickstart.yaml"
FIGURES = ("milliseconds", "faults", "peak_mib")


def main(words: list[str] | None = None) -> int:
    """Print a row a figure."""
    parser = argparse.ArgumentParser(description="Steps with and without malloc keeping what is freed.")
    parser.add_argument("--encoder", default="resnet-compact", help="resnet-compact or resnet18-cifar")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--turn", choices=("keep", "default"), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.turn:
        print(json.dumps(_turn(options)))
        return 0
    rounds = [{how: _in_a_process(options, how) for how in ("keep", "default")} for _ in range(options.rounds)]
    print("figure         keep    default  ratio")
    for name in FIGURES:
        keep, default = ([turn[how][name] for turn in rounds] for how in ("keep", "default"))
        ratio = statistics.median(one / other for one, other in zip(keep, default, strict=True))
        print(f"{name:12s} {statistics.median(keep):8.1f} {statistics.median(default):8.1f}  {ratio:.3f}")
    return 0


def _in_a_process(options: argparse.Namespace, how: str) -> dict[str, float]:
    settings = ["--encoder", options.encoder, "--batch-size", options.batch_size, "--steps", options.steps]
    command = [sys.executable, __file__, *map(str, settings), "--turn", how]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def _turn(options: argparse.Namespace) -> dict[str, float]:
    from moco_bench.data.datasets import load_dataset
    from moco_bench.profile.stepper import Stepper
    from moco_bench.suite.config import EncoderConfig
    from moco_bench.suite.load import load_suite
    from moco_bench.suite.runs import expand
    from moco_bench.train import precision

    if options.turn == "default":
        precision.keep_freed_memory = lambda: False
    run = expand(load_suite(QUICKSTART))[0]
    encoder = run.encoder if options.encoder == run.encoder.name else EncoderConfig(name=options.encoder)
    run = replace(run, encoder=encoder, train=run.train.model_copy(update={"batch_size": options.batch_size}))
    stepper = Stepper(run, load_dataset(run.dataset), "cpu")
    stepper.step()
    times, faults = [], _faults()
    for _ in range(options.steps):
        began = time.process_time()
        stepper.step()
        times.append(1000 * (time.process_time() - began))
    return {
        "milliseconds": statistics.median(times),
        "faults": (_faults() - faults) / options.steps,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


if __name__ == "__main__":
    sys.exit(main())
