"""Equal compute in a report: each arm's cost relative to the baseline, and whether runs serve at both budgets.

A suite with budgets has `costs.json`. One without compares at equal epochs only; where it was profiled, the profile's
counted FLOPs say whether that comparison is one at equal FLOPs as well.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from moco_bench.analyse.table import cells
from moco_bench.files import mapping_if_any
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import listed
from moco_bench.report.read.profile import FOLDER, WHOLE_STEP, profile_table_of
from moco_bench.report.read.results import Results
from moco_bench.suite.equal_compute import SHARED_WITHIN, budget_rows
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite

COSTS_FILE, WORK = "costs.json", f"{FOLDER}/work.csv"
WORDS = {"seconds": "training time", "flops": "FLOPs"}
WITHIN = f"{100 * SHARED_WITHIN:g} %"


@dataclass(frozen=True)
class Compute:
    """The arms' costs: rows as `budget_rows` gives them, and the file that they come from.

    `declared`: whether the suite has runs at equal compute; else the rows say which arms don't need any.
    """

    rows: tuple[Row, ...]
    file: str
    declared: bool

    @cached_property
    def shared(self) -> set[tuple[str, str, str]]:
        """(data set, encoder, budget) where every arm's runs at equal epochs serve: both comparisons are the same."""
        return {_place(row) for row in self.rows} - {_place(row) for row in self.rows if not row["shared"]}

    def repeats(self, row: Row) -> bool:
        """Whether another table's row at a further budget repeats its row at equal epochs, as the runs are the same."""
        return row["budget"] != "epochs" and _place(row) in self.shared


def _place(row: Row) -> tuple[str, str, str]:
    return row["dataset"], row["encoder"], row["budget"]


def compute_of(results: Results) -> Compute:
    """The known costs of the arms; without rows if none is known."""
    suite = results.plan.suite
    if suite is None or suite.baseline not in suite.arms:
        return Compute((), COSTS_FILE, declared=False)
    if suite.budgets != ("epochs",):
        costs = mapping_if_any(results.directory / COSTS_FILE).get("costs")
        return Compute(tuple(budget_rows(suite, costs)), COSTS_FILE, declared=True)
    with_operations, counted = suite.model_copy(update={"budgets": ("epochs", "flops")}), _counted(results, suite)
    return Compute(tuple(budget_rows(with_operations, counted)) if counted else (), WORK, declared=False)


def _counted(results: Results, suite: Suite) -> list[dict[str, Any]]:
    """FLOPs per trained image relative to the baseline's, from the profile's steps."""
    work = profile_table_of(results, "work")
    if work.empty:
        return []
    batch = {(run.dataset.title, run.encoder.title, run.arm): run.train.batch_size for run in expand(suite)}
    an_image = {
        key: row["flops"] / batch[key]
        for row in work[work["part"] == WHOLE_STEP].to_dict("records")
        if (key := (row["dataset"], row["encoder"], row["arm"])) in batch
    }
    return [
        {"dataset": dataset, "encoder": encoder, "arm": arm, "budget": "flops", "relative": flops / base}
        for (dataset, encoder, arm), flops in an_image.items()
        if arm != suite.baseline and (base := an_image.get((dataset, encoder, suite.baseline)))
    ]


def cells_with_own_runs(results: Results) -> tuple[list[tuple[tuple[str, str, str], pd.DataFrame]], str]:
    """(data set, encoder, budget) with the compared runs, without budgets that repeat all runs of equal epochs.

    Also a sentence for a caption: the budgets that were left out, as the same runs serve there.
    """
    found = list(cells(results.compared))
    if len({key[2] for key, _ in found}) < 2:
        return found, ""
    compute = compute_of(results)
    repeated = {key for key, _ in found if key[2] != "epochs" and key in compute.shared}
    budgets = dict.fromkeys(WORDS[key[2]] for key, _ in found if key in repeated)
    said = f" The same runs serve at equal {listed(budgets)}." if budgets else ""
    return [(key, own) for key, own in found if key not in repeated], said
