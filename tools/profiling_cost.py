"""What profiling costs: the training loop's step, the profile's stepper unwatched, with a clock, with meters.

    python tools/profiling_cost.py [config/quickstart.yaml] [--arm vanilla] [--rounds 15] [--steps 2]

All kinds take turns, each with a state of its own, in rounds that begin with another kind each time. Ratios to the
training loop's step are formed within a round; printed are their median and quartiles, of this process's processor
time, which others on the machine disturb less than wall time. `train` is the loop's step called as the loop calls it;
`train again` is the same once more: how far a ratio of equal things strays from 1 here. `memory` is a step under the
meter as sweeps make it, `memory, heap` the one that explains a process, with malloc asked behind every operator.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from moco_bench.data.datasets import DataSet, load_dataset
from moco_bench.measure.laps import Laps
from moco_bench.profile.accounting import HeapWatch
from moco_bench.profile.memory import watch_step
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.timing import rotated
from moco_bench.profile.work import count_flops
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import Run, expand
from moco_bench.train.compilation import networks_of
from moco_bench.train.inputs import StepInputs
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.randomness import epoch_order
from moco_bench.train.state import initial_state
from moco_bench.train.step import enqueue, training_step

QUICKSTART = Path(__file__).parents[1] / "config" / "quickstart.yaml"
BASE = "train"
Step = Callable[[], object]


def main(words: list[str] | None = None) -> int:
    """Print a row a kind of step."""
    parser = argparse.ArgumentParser(description="Cost of profiling a training step.")
    parser.add_argument("suite", type=Path, nargs="?", default=QUICKSTART)
    parser.add_argument("--arm", help="default: the suite's baseline")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=2, help="of each kind in a round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    suite = load_suite(options.suite)
    arm = options.arm or suite.baseline
    run = next(run for run in expand(suite) if run.arm == arm)
    kinds = kinds_of_step(run, load_dataset(run.dataset))
    ratios = measure(kinds, options.rounds, options.steps)
    if options.json:
        print(json.dumps(ratios))
        return 0
    print(f"{suite.name} / {arm}: processor time of a step over that of the training loop's, {options.rounds} rounds")
    for kind, values in ratios.items():
        low, median, high = quartiles(values)
        print(f"{kind:14s} {median:.3f}  ({low:.3f} - {high:.3f})")
    return 0


def kinds_of_step(run: Run, dataset: DataSet) -> dict[str, Step]:
    """Functions that make one step each; all kinds have a state of their own and the same batches."""
    steppers = {name: Stepper(run, dataset, "cpu") for name in ("stepper", "clock", "memory", "heap", "operations")}
    return {
        BASE: training_loop(run, dataset),
        "train again": training_loop(run, dataset),
        "stepper": steppers["stepper"].step,
        "clock": lambda: steppers["clock"].step(Laps()),
        "memory": lambda: watch_step(steppers["memory"]),
        "memory, heap": lambda: watch_step(steppers["heap"], HeapWatch()),
        "operations": lambda: count_flops(steppers["operations"]),
    }


def training_loop(run: Run, dataset: DataSet) -> Step:
    """A step as `train.loop` makes it, without its bookkeeping; the filter is in force as it is in a profile."""
    numerics = resolve_numerics(run.train, "cpu")
    channels, height, width = dataset.train.images.shape[1:]
    state = initial_state(run, numerics, channels=channels, image_size=min(height, width))
    shape = dataset.train.images[: run.train.batch_size].shape
    networks, _ = networks_of(state, run.train, numerics, shape)
    inputs, hasher = StepInputs(run, dataset, numerics), sha256()
    order = epoch_order(run.seed, 0, len(inputs.images))
    batches = len(order) // run.train.batch_size
    position = run.contrast.filter_warmup_steps

    def step() -> None:
        nonlocal position
        start = position % batches * run.train.batch_size
        sample_index = order[start : start + run.train.batch_size].to(numerics.device)
        views = inputs.views(inputs.gather(sample_index), position, hasher)
        result = training_step(
            state, networks, views, sample_index, contrast=run.contrast, numerics=numerics,
            learning_rate=run.train.learning_rate, negatives=inputs.negatives(position),
            shuffle=inputs.shuffle(position),
        )  # fmt: skip
        enqueue(state, result, sample_index, run.contrast)
        position += 1

    return step


def measure(kinds: dict[str, Step], rounds: int, steps: int) -> dict[str, list[float]]:
    """Processor time of each kind's steps over those of the loop in the same round."""
    for step in kinds.values():
        step()
        step()
    ratios: dict[str, list[float]] = {kind: [] for kind in kinds if kind != BASE}
    for number in range(rounds):
        seconds = {}
        for kind in rotated(list(kinds), number):
            kinds[kind]()  # another kind has just used the caches
            began = time.process_time()
            for _ in range(steps):
                kinds[kind]()
            seconds[kind] = time.process_time() - began
        for kind, values in ratios.items():
            values.append(seconds[kind] / seconds[BASE])
    return ratios


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high


if __name__ == "__main__":
    sys.exit(main())
