"""Equal compute in a report: what each arm costs beside the baseline, and whether its runs serve at both budgets.

A suite with budgets has `costs.json`. One without compares at equal epochs only; where it was profiled, the profile's
counted operations say whether that comparison is one at equal operations as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from moco_bench.analyse.table import cells
from moco_bench.analyse.text import number
from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.report.profiled import FOLDER, WHOLE_STEP, profile_table_of
from moco_bench.report.results import Results
from moco_bench.report.words import count, listed, sentence
from moco_bench.suite.costs import SHARED_WITHIN, budget_rows
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite

COSTS, WORK = "costs.json", f"{FOLDER}/work.csv"
WORDS = {"seconds": "training time", "flops": "operations"}
NOT_TIME = "Operations are those of products and convolutions: equal time is another matter, see the cost of a step"
"""A filter selects without a product, and takes its time for it."""
WITHIN = f"{100 * SHARED_WITHIN:g} %"
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Compute:
    """The arms' costs: rows as `budget_rows` gives them, and the file that they come from.

    `declared`: whether the suite has runs at equal compute; else the rows say which arms don't need any.
    """

    rows: tuple[Row, ...]
    file: str
    declared: bool

    def of(self, dataset: str, encoder: str, budget: str) -> tuple[Row, ...]:
        """The arms of one data set and encoder at one budget."""
        place = (dataset, encoder, budget)
        return tuple(row for row in self.rows if (row["dataset"], row["encoder"], row["budget"]) == place)

    def all_shared(self, dataset: str, encoder: str, budget: str) -> bool:
        """Whether every arm's runs at equal epochs serve at this budget, so that both comparisons are one."""
        rows = self.of(dataset, encoder, budget)
        return bool(rows) and all(row["shared"] for row in rows)

    def repeats(self, row: Row) -> bool:
        """Whether a row of another table shows at a further budget what it shows at equal epochs: the same runs."""
        return row["budget"] != "epochs" and self.all_shared(row["dataset"], row["encoder"], row["budget"])


def compute_of(results: Results) -> Compute:
    """What is known of the arms' costs; without rows where nothing is."""
    suite = results.plan.suite
    if suite is None:
        return Compute((), COSTS, declared=False)
    if suite.budgets != ("epochs",):
        try:
            costs = read_mapping(results.directory / COSTS).get("costs")
        except InputError:
            costs = None
        return Compute(tuple(budget_rows(suite, costs)), COSTS, declared=True)
    with_operations = suite.model_copy(update={"budgets": ("epochs", "flops")})
    return Compute(tuple(budget_rows(with_operations, _counted(results, suite))), WORK, declared=False)


def _counted(results: Results, suite: Suite) -> list[dict[str, Any]]:
    """Operations of training on one image beside the baseline's, from the profile's steps."""
    work = profile_table_of(results, "work")
    if work.empty:
        return []
    batch = {(run.dataset.title, run.encoder.title, run.arm): run.train.batch_size for run in expand(suite)}
    steps = work[work["part"] == WHOLE_STEP].to_dict("records")
    keys = [(row["dataset"], row["encoder"], row["arm"]) for row in steps]
    an_image = {key: row["flops"] / batch[key] for key, row in zip(keys, steps, strict=True) if key in batch}
    rows = []
    for (dataset, encoder, arm), flops in an_image.items():
        base = an_image.get((dataset, encoder, suite.baseline))
        if base and arm != suite.baseline:
            place = {"dataset": dataset, "encoder": encoder, "arm": arm, "budget": "flops"}
            rows.append({**place, "relative": flops / base})
    return rows


def cells_with_own_runs(results: Results) -> tuple[list[tuple[tuple[str, str, str], pd.DataFrame]], str]:
    """(data set, encoder, budget) and its runs as compared, without budgets that repeat all runs of equal epochs.

    And for a caption: which budgets were left out, for there the same runs serve.
    """
    found = list(cells(results.compared))
    if len({key[2] for key, _ in found}) < 2:
        return found, ""
    compute = compute_of(results)
    repeated = {key for key, _ in found if key[2] != "epochs" and compute.all_shared(*key)}
    budgets = dict.fromkeys(WORDS[key[2]] for key, _ in found if key in repeated)
    said = f" The same runs serve at equal {listed(budgets)}." if budgets else ""
    return [(key, own) for key, own in found if key not in repeated], said


def compute_notes(results: Results, compute: Compute) -> list[str]:
    """A sentence a data set, encoder and budget: the arms' costs, and which runs stand behind equal compute."""
    places = dict.fromkeys((row["dataset"], row["encoder"], row["budget"]) for row in compute.rows)
    several = len({place[:2] for place in places}) > 1
    notes = []
    for dataset, encoder, budget in places:
        rows = compute.of(dataset, encoder, budget)
        where = f"on {dataset} with {encoder}, " if several else ""
        how = "counted operations" if budget == "flops" else "measured time"
        costs = listed(f"{row['arm']} {number(row['relative'], 3)}" for row in rows)
        notes.append(
            sentence(
                f"{where}{how} of training on an image, relative to {results.plan.baseline}: {costs}. "
                f"{_runs_behind(rows, WORDS[budget], declared=compute.declared)}"
            )
        )
    return notes


def _runs_behind(rows: Sequence[Row], what: str, *, declared: bool) -> str:
    shared, own = [row for row in rows if row["shared"]], [row for row in rows if not row["shared"]]
    if not own:
        same = (
            "the two tables of effects show the same runs"
            if declared
            else f"the comparison at equal epochs is the one at equal {what}, and this suite has no further runs for it"
        )
        if what == WORDS["flops"]:
            same += f". {NOT_TIME}"
        return f"All are within {WITHIN}, so runs at equal epochs serve as runs at equal {what}: {same}."
    said = [f"Within {WITHIN}, runs at equal epochs serve at equal {what} too: {_arms(shared)}."] if shared else []
    if declared:
        lengths = listed(
            f"{row['arm']}, {count(row['epochs'], 'epoch')} instead of {row['declared_epochs']}" for row in own
        )
        return " ".join([*said, f"With runs of their own there: {lengths}."])
    return " ".join([*said, f"Not compared at equal {what} by this suite: {_arms(own)}."])


def _arms(rows: Iterable[Row]) -> str:
    return listed(row["arm"] for row in rows)
