"""Equal compute: the cost of an arm's step relative to the baseline's, and the epochs that follow from it.

A run at equal seconds or FLOPs is a run of its own with its whole schedule, shorter or longer than the one at
equal epochs: a point in the middle of a schedule is not comparable with its end. Costs are measured or counted before
(`moco-bench profile SUITE --costs`) and lie in `results/SUITE/costs.json`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moco_bench.errors import InputError
from moco_bench.files import read_mapping, seal_is_broken, sha256_of
from moco_bench.suite.config import Budget
from moco_bench.suite.runs import Run, expand, find_run
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import read_choices, tuned, tuned_path

COSTS_PROTOCOL = 1
"""Raised when a change of the code changes the meaning of a cost."""

SHARED_WITHIN = 0.05
"""An arm with a cost this near to the baseline's isn't run again: its runs at equal epochs serve."""

SMALLEST_COST, LARGEST_COST = 1e-4, 1e4
"""No arm is that much cheaper or dearer than the baseline: a file that says so is damaged."""

Costs = Mapping[tuple[str, str, str, str], float]
"""(data set, encoder, arm, budget) -> cost of training on one image, relative to the baseline's."""


@dataclass(frozen=True)
class Pair:
    """An arm and the baseline that its cost is compared with."""

    run: Run
    baseline: Run

    @property
    def key(self) -> str:
        """The hash of everything but the machine that determines the cost; suites share measurements of equal pairs."""
        return sha256_of([COSTS_PROTOCOL, _without_length(self.run), _without_length(self.baseline)])


def costs_path(suite: Suite, results: Path) -> Path:
    """The file of a suite's costs."""
    return results / suite.name / "costs.json"


def pairs_of(suite: Suite) -> tuple[Pair, ...]:
    """Each arm with runs at equal compute, once per data set and encoder, with its baseline."""
    found: dict[tuple[str, str, str], Pair] = {}
    for run in expand(suite):
        if run.paced_by is not None:
            found.setdefault(run.place, Pair(replace(run, budget="epochs", paced_by=None), run.paced_by))
    return tuple(found.values())


def costs_fingerprint(suite: Suite) -> str:
    """The hash of everything but the machine that determines `costs.json`."""
    return sha256_of({"budgets": suite.budgets, "pairs": [(*pair.run.place, pair.key) for pair in pairs_of(suite)]})


def read_costs(path: Path) -> Costs:
    """Read `costs.json`. Raises `InputError` where it is missing or not what `profile --costs` writes."""
    content = read_mapping(path)
    if seal_is_broken(content):
        raise InputError(f"{path}: changed by hand; run `moco-bench profile --costs` again")
    rows: Any = content.get("costs")
    try:
        costs = {_row_key(row): float(row["relative"]) for row in rows}
        if not all(SMALLEST_COST < relative < LARGEST_COST for relative in costs.values()):
            raise ValueError("a cost is no size")
    except (KeyError, TypeError, ValueError):
        told = "not the costs of a suite; remove it and run `moco-bench profile --costs`"
        raise InputError(f"{path}: {told}") from None
    return costs


def settled(run: Run, costs: Costs) -> Run:
    """The run with the epochs that its budget allows; unchanged if nothing is open or no cost is known.

    Warm-ups keep their share of the schedule.
    """
    relative = costs.get((*run.place, run.budget))
    if run.paced_by is None or relative is None:
        return run
    declared = run.train.epochs
    epochs = epochs_within(declared, total_cost(run, relative))
    warmup = min(round(run.train.warmup_epochs * epochs / declared), epochs - 1)
    filter_warmup = round(run.contrast.filter_warmup_steps * epochs / declared)
    return replace(
        run,
        train=run.train.model_copy(update={"epochs": epochs, "warmup_epochs": warmup}),
        contrast=run.contrast.model_copy(update={"filter_warmup_steps": filter_warmup}),
        paced_by=None,
    )


def total_cost(run: Run, relative: float) -> float:
    """Cost of all of the run's declared epochs relative to the baseline's."""
    return relative if run.paced_by is None else relative * run.train.epochs / run.paced_by.train.epochs


def epochs_within(declared: int, cost: float) -> int:
    """The number of epochs, at least one, whose compute is nearest to the baseline's.

    `cost` is that of the epochs `declared` for equal epochs, relative to the baseline's.
    """
    if abs(cost - 1) < SHARED_WITHIN + 1e-9:
        return declared
    return max(1, math.floor(declared / cost + 0.5))


def known_runs(suite: Suite, results: Path) -> tuple[Run, ...]:
    """All runs of a suite, with their epochs and tuned values where known."""
    try:
        costs = read_costs(costs_path(suite, results))
    except InputError:
        costs = {}
    try:
        choices = read_choices(suite, results)
    except InputError:
        choices = {}
    return tuple(settled(tuned(run, choices, suite), costs) for run in expand(suite))


def find_settled_run(suite: Suite, run_id: str, results: Path) -> Run:
    """The run at `run_id` below `runs/`, ready to be trained.

    Raises:
        InputError: there is no such run, its epochs follow from a cost that has not been measured, or its arm
            isn't tuned yet.
    """
    run = tuned(find_run(suite, run_id), read_choices(suite, results), suite)
    if run.open_search is not None:
        raise InputError(f"{tuned_path(suite, results)}: nothing about {run.id}; run `moco-bench tune`")
    if run.paced_by is None:
        return run
    run = settled(run, read_costs(costs_path(suite, results)))
    if run.paced_by is not None:
        raise InputError(f"{costs_path(suite, results)}: nothing about {run.id}; run `moco-bench profile --costs`")
    return run


def budget_rows(suite: Suite, rows: object) -> Iterator[dict[str, Any]]:
    """Epochs and compute of each arm by the rows of `costs.json`: one row per data set, encoder, arm and budget.

    Keys: those of the row, `declared_epochs`, `epochs`, `shared`, and `compute`, that of the run beside the
    baseline's, which is not quite 1 because epochs are whole.
    """
    open_runs = (run for run in expand(suite) if run.paced_by is not None)
    by_place: dict[tuple[str, str, str, str], Run] = {(*run.place, run.budget): run for run in open_runs}
    for row in rows if isinstance(rows, list) else ():
        try:
            run, relative = by_place[_row_key(row)], float(row["relative"])
        except (KeyError, TypeError, ValueError):
            continue
        if not SMALLEST_COST < relative < LARGEST_COST:
            continue
        cost = total_cost(run, relative)
        declared = run.train.epochs
        epochs = epochs_within(declared, cost)
        yield {
            **row,
            "declared_epochs": declared,
            "epochs": epochs,
            "shared": epochs == declared,
            "compute": cost * epochs / declared,
        }


def cost_row(pair: Pair, budget: Budget, cost: Mapping[str, float]) -> dict[str, Any]:
    """A row of `costs.json`; `cost` holds at least `relative`, the cost relative to the baseline's."""
    dataset, encoder, arm = pair.run.place
    return {"dataset": dataset, "encoder": encoder, "arm": arm, "budget": budget, **cost}


def _row_key(row: Any) -> tuple[str, str, str, str]:
    return str(row["dataset"]), str(row["encoder"]), str(row["arm"]), str(row["budget"])


def _without_length(run: Run) -> str:
    # A step costs the same in a longer schedule and from another seed.
    return replace(run, train=run.train.model_copy(update={"epochs": 1, "warmup_epochs": 0}), seed=0).fingerprint
