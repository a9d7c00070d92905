"""What a training step of each arm costs beside the baseline's: measured seconds, counted operations.

Both sides make their steps in turns and ratios are formed within rounds (decision 043), so that a slow minute of the
machine hits both. A pair that was measured on this machine before isn't measured again: the epochs of finished runs
must not move because another arm was added.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.files import read_mapping, sha256_of, write_json
from moco_bench.measure.machine import describe_machine, describe_versions
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import time_rows
from moco_bench.profile.timing import STEP, time_steps
from moco_bench.profile.work import count_flops
from moco_bench.suite.costs import Pair, cost_row, costs_fingerprint, pairs_of
from moco_bench.suite.suite import Suite

MEASURED = ".costs"
ROUNDS = 15
"""Enough that the median ratio of two equal arms stays well within the 5 % that decide whether runs are shared."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cost:
    """Of a step on as many images as the baseline's has, over the baseline's step: median and quartiles over rounds.

    `foreign_load` is the share of the machine that others had meanwhile.
    """

    seconds: float
    seconds_q1: float
    seconds_q3: float
    flops: float
    foreign_load: float


def costs_of_suite(suite: Suite, device: str, results: Path, tell: Tell = lambda line: None) -> dict[str, Any]:
    """Measure what has not been measured on this machine yet; returns the content of `costs.json`.

    Args:
        suite: one with a budget besides epochs.
        device: to compute on.
        results: folder of all results; what was measured is kept there for other suites.
        tell: is given a line about what comes next.

    Raises:
        InputError: no budget asks for costs, or a data set can't be loaded.
    """
    if suite.budgets == ("epochs",):
        raise InputError(f"suite {suite.name}: `budgets` holds nothing but epochs, so no cost is asked for")
    rows = []
    for pairs in _side_by_side(pairs_of(suite)):
        kept = {pair: _kept(pair, device, results) for pair in pairs}
        missing = [pair for pair, cost in kept.items() if cost is None]
        if missing:
            tell(f"cost of {', '.join(pair.run.arm for pair in missing)}, {ROUNDS} rounds")
            for pair, cost in zip(missing, measure(missing, device), strict=True):
                kept[pair] = cost
                write_json(_place(pair, device, results), vars(cost))
        for pair, found in kept.items():
            assert found is not None
            rows += [_row(pair, found, budget) for budget in suite.budgets if budget != "epochs"]
    return {
        "suite": suite.name,
        "fingerprint": costs_fingerprint(suite),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "costs": rows,
    }


def measure(pairs: Sequence[Pair], device: str) -> list[Cost]:
    """Costs of arms that have the same baseline."""
    baseline = pairs[0].baseline
    dataset = load_dataset(baseline.dataset)
    runs = {baseline.arm: baseline, **{pair.run.arm: pair.run for pair in pairs}}
    steppers = {arm: Stepper(run, dataset, device) for arm, run in runs.items()}
    samples = time_steps(steppers, repeats=ROUNDS, steps=1, warmup_steps=1)
    batch_sizes = {arm: run.train.batch_size for arm, run in runs.items()}
    times = {row["arm"]: row for row in time_rows(samples, batch_sizes, baseline.arm) if row["part"] == STEP}
    flops = {arm: sum(count_flops(stepper).values()) for arm, stepper in steppers.items()}
    return [_cost(pair, times[pair.run.arm], flops[pair.run.arm] / flops[baseline.arm]) for pair in pairs]


def _cost(pair: Pair, timed: Mapping[str, Any], flops: float) -> Cost:
    images = pair.baseline.train.batch_size / pair.run.train.batch_size
    return Cost(
        seconds=timed["ratio"] * images,
        seconds_q1=timed["ratio_q1"] * images,
        seconds_q3=timed["ratio_q3"] * images,
        flops=flops * images,
        foreign_load=timed["foreign_load"],
    )


def _row(pair: Pair, cost: Cost, budget: Any) -> dict[str, Any]:
    if budget == "flops":
        return cost_row(pair, budget, cost.flops, {})
    more = {"q1": cost.seconds_q1, "q3": cost.seconds_q3, "rounds": ROUNDS, "foreign_load": cost.foreign_load}
    return cost_row(pair, budget, cost.seconds, more)


def _side_by_side(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs that share their baseline."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.baseline.fingerprint, []).append(pair)
    return list(groups.values())


def _place(pair: Pair, device: str, results: Path) -> Path:
    return results / MEASURED / f"{sha256_of([pair.key, device, describe_machine()])}.json"


def _kept(pair: Pair, device: str, results: Path) -> Cost | None:
    try:
        return Cost(**{name: float(value) for name, value in read_mapping(_place(pair, device, results)).items()})
    except (InputError, TypeError, ValueError):
        return None
