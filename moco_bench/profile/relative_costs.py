"""Cost of each arm's training step relative to the baseline's: measured seconds, counted FLOPs.

Timed, both sides make their steps in turns and ratios are formed within rounds (decision 043), so that a slow minute of
the machine hits both. A pair that was measured on this kind of device before isn't measured again: the epochs of
finished runs must not move because another arm was added. Only what the suite's budgets ask for is measured: one step
is enough to count FLOPs, and timing many may take hours where the machine is slow.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.files import mapping_if_any, sha256_of, write_json
from moco_bench.measure.machine import describe_machine, describe_versions, kind_of
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.tables import time_rows
from moco_bench.profile.timing import STEP, time_steps
from moco_bench.profile.work import count_flops
from moco_bench.suite.equal_compute import Pair, cost_row, costs_fingerprint, pairs_of
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite
from moco_bench.train.precision import resolve_device

MEASURED = ".costs"
ROUNDS = 15
"""With this many rounds the median ratio of equal arms stays well within the 5 % that decide on sharing runs."""

Tell = Callable[[str], None]
Cost = dict[str, float]
"""A measured cost: `relative` is that relative to the baseline's, other keys are further facts."""


def costs_of_suite(suite: Suite, device: str, results: Path, tell: Tell = lambda line: None) -> dict[str, Any]:
    """Measure costs that have not been measured on this kind of device yet; returns the content of `costs.json`.

    What was measured is kept in `results`, the folder of all results, for other suites. `tell` is given a line about
    what comes next.

    Raises:
        InputError: no budget asks for costs, or a data set can't be loaded.
    """
    if suite.budgets == ("epochs",):
        raise InputError(f"suite {suite.name}: `budgets` holds nothing but epochs, so no cost is asked for")
    asked = [budget for budget in suite.budgets if budget != "epochs"]
    found: dict[tuple[Pair, str], Cost] = {}
    for pairs in _side_by_side(pairs_of(suite)):
        for budget in asked:
            kept = {pair: _kept(pair, budget, device, results) for pair in pairs}
            missing = [pair for pair, cost in kept.items() if cost is None]
            if missing:
                tell(f"{budget} of {', '.join(pair.run.arm for pair in missing)}")
                for pair, cost in zip(missing, MEASURE_OF[budget](missing, device), strict=True):
                    kept[pair] = cost
                    write_json(_place(pair, budget, device, results), cost)
            found |= {(pair, budget): cost for pair, cost in kept.items() if cost is not None}
    rows = [cost_row(pair, budget, found[pair, budget]) for pair in pairs_of(suite) for budget in asked]
    return {
        "suite": suite.name,
        "fingerprint": costs_fingerprint(suite),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "costs": rows,
    }


def seconds_of(pairs: Sequence[Pair], device: str) -> list[Cost]:
    """Time per image of each arm's step relative to the baseline's, for arms with one baseline.

    `relative` is the median over rounds, `q1` and `q3` their quartiles; `foreign_load` is the share of the machine that
    others had meanwhile.
    """
    runs, dataset = _with_baseline(pairs), load_dataset(pairs[0].baseline.dataset)
    steppers = {arm: Stepper(run, dataset, device) for arm, run in runs.items()}
    samples = time_steps(steppers, repeats=ROUNDS, steps=1, warmup_steps=1)
    batch_sizes = {arm: run.train.batch_size for arm, run in runs.items()}
    rows = time_rows(samples, batch_sizes, pairs[0].baseline.arm)
    times = {row["arm"]: row for row in rows if row["part"] == STEP}
    return [_seconds(pair, times[pair.run.arm]) for pair in pairs]


def _seconds(pair: Pair, timed: Mapping[str, Any]) -> Cost:
    images = pair.baseline.train.batch_size / pair.run.train.batch_size
    return {
        "relative": timed["ratio"] * images,
        "q1": timed["ratio_q1"] * images,
        "q3": timed["ratio_q3"] * images,
        "rounds": ROUNDS,
        "foreign_load": timed["foreign_load"],
    }


def flops_of(pairs: Sequence[Pair], device: str) -> list[Cost]:
    """FLOPs per image relative to the baseline's, as `relative`. One arm is in memory at a time."""
    dataset = load_dataset(pairs[0].baseline.dataset)
    an_image = {
        arm: sum(count_flops(Stepper(run, dataset, device)).values()) / run.train.batch_size
        for arm, run in _with_baseline(pairs).items()
    }
    return [{"relative": an_image[pair.run.arm] / an_image[pair.baseline.arm]} for pair in pairs]


MEASURE_OF: dict[str, Callable[[Sequence[Pair], str], list[Cost]]] = {"seconds": seconds_of, "flops": flops_of}
"""How to measure the cost of each budget."""


def _with_baseline(pairs: Sequence[Pair]) -> dict[str, Run]:
    baseline = pairs[0].baseline
    return {baseline.arm: baseline, **{pair.run.arm: pair.run for pair in pairs}}


def _side_by_side(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs grouped by their baseline."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.baseline.fingerprint, []).append(pair)
    return list(groups.values())


def _place(pair: Pair, budget: str, device: str, results: Path) -> Path:
    """The file of a measured cost, by model of device: neither a card's number nor its machine changes the cost."""
    return results / MEASURED / f"{sha256_of([pair.key, budget, kind_of(resolve_device(device))])}.json"


def _kept(pair: Pair, budget: str, device: str, results: Path) -> Cost | None:
    cost = mapping_if_any(_place(pair, budget, device, results))
    return cost if "relative" in cost and all(isinstance(value, int | float) for value in cost.values()) else None
