"""In which classes the arms differ, from how many evaluation images of each class a run got right."""

from typing import Any

import pandas as pd

from moco_bench.analyse.text import number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant, mean_cell
from moco_bench.report.read.results import Results, equal_epochs

PERCENT = list[float]


def classes_table(results: Results, links: Links) -> Table | None:
    """One row per class and arm: the baseline's accuracy there, the arm's, and their paired difference over seeds."""
    metric, baseline = results.accuracy, results.plan.baseline
    found: dict[tuple[str, str, str, int], PERCENT] = {}
    for run in equal_epochs(results.finished).to_dict("records"):
        by_class = class_accuracies(results.metrics.get(run["directory"], {}), metric.name)
        if by_class:
            found[run["dataset"], run["encoder"], run["arm"], run["seed"]] = by_class
    rows: list[tuple[Cell, ...]] = []
    for dataset, encoder in results.cells:
        names = _names(results, dataset)
        for arm in (arm for arm in results.ranked_arms if arm != baseline):
            seeds = [seed for (*place, seed) in found if place == [dataset, encoder, arm]]
            pairs = [
                (found[dataset, encoder, baseline, seed], found[dataset, encoder, arm, seed])
                for seed in seeds
                if (dataset, encoder, baseline, seed) in found
            ]
            pairs = [pair for pair in pairs if len(pair[0]) == len(pair[1])]
            for place in range(len(pairs[0][0]) if pairs else 0):
                base, own = (pd.Series([pair[side][place] for pair in pairs]) for side in (0, 1))
                name = names[place] if place < len(names) else str(place)
                rows.append(
                    (
                        cell(name),
                        cell(arm),
                        cell(dataset),
                        cell(encoder),
                        cell(number(base.mean(), 1), base.mean()),
                        cell(number(own.mean(), 1), own.mean()),
                        mean_cell(own - base, 1, signed=True),
                    )
                )
    if not rows:
        return None
    rows.sort(key=lambda row: -abs(row[-1].value))
    columns = (
        Column("class", "Class", numeric=False),
        Column("arm", "Arm", numeric=False),
        *KEY[:2],
        Column("baseline", f"{baseline}, %"),
        Column("own", "Arm, %"),
        Column("difference", "Difference, points"),
    )
    caption = (
        f"{metric.title} by class, mean over seeds; largest differences first. Chosen after seeing the data, so no "
        "test "
        "goes with them."
    )
    table = Table("classes", "Differences by class", caption, columns, tuple(rows), source=links.source("runs.csv"))
    return drop_constant(table, KEY_NAMES)


def class_accuracies(metrics: dict[str, Any], metric: str) -> PERCENT:
    """Accuracy in percent of each class of one run; empty where it wasn't recorded or is damaged."""
    try:
        counts, right = metrics["images"]["class_counts"], metrics["images"]["class_correct"][metric]
        return [100 * hit / of if of else float("nan") for hit, of in zip(right, counts, strict=True)]
    except (KeyError, TypeError, ValueError):
        return []


def _names(results: Results, dataset: str) -> list[str]:
    classes = results.data_of(dataset).get("classes")
    return [str(name) for name in classes] if isinstance(classes, list) else []
