"""How good the representations are, arm by arm and class by class."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell, heading, mean_cell
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import Results, equal_epochs
from moco_bench.suite.metrics import METRICS, MetricColumn

MOST_CLASSES = 10
"""Rows of differences by class; `classes.csv` has all."""


def accuracy_metrics(results: Results) -> list[MetricColumn]:
    """The accuracies that at least one finished run has, in a fixed order."""
    return [m for m in METRICS.values() if m.kind == "accuracy" and results.finished[m.name].notna().any()]


def accuracy_table(results: Results, links: Links) -> Table | None:
    """Mean and standard deviation over seeds, one row per arm; baselines below each data set's arms."""
    metrics = accuracy_metrics(results)
    found, serve_too = cells_with_own_runs(results)

    def rows() -> Iterator[dict[str, Any]]:
        for (dataset, encoder, budget), runs in found:
            key = {"dataset": dataset, "encoder": encoder, "budget": budget}
            runs = runs[runs["replicate"] == 1]
            for arm, own in ((arm, runs[runs["arm"] == arm]) for arm in results.ranked_arms):
                if len(own):
                    yield {**key, "arm": arm, "values": own[own["status"] == "done"], "of": len(own), "href": ""}
            href = links.to(f"floors/{dataset}.json")
            for name, repeats in results.baselines(dataset, encoder).items():
                measured = pd.DataFrame(repeats, columns=[m.name for m in metrics], dtype=float)
                yield {**key, "arm": name, "values": measured, "of": len(repeats), "href": href}

    columns = (
        ARM,
        *KEY,
        Column.number("n", "Seeds", of=_seeds),
        *(Column.number(m.name, heading(m), of=_mean_of(m)) for m in metrics),
    )
    caption = "Mean and standard deviation over seeds, last epoch; at the end the same evaluation without training."
    return Table.of("accuracy", "Accuracy", f"{caption}{serve_too}", columns, rows(), source=links.source("runs.csv"))


def _seeds(row: Row) -> Cell:
    known, of = len(row["values"]), row["of"]
    return cell(known if known == of else f"{known} of {of}", known, href=row["href"])


def _mean_of(metric: MetricColumn) -> Any:
    return lambda row: mean_cell(row["values"][metric.name], metric.decimals, href=row["href"])


def classes_table(results: Results, links: Links) -> Table | None:
    """One row per class and arm: the baseline's accuracy there, the arm's, and their paired difference over seeds."""
    metric, baseline = results.accuracy, results.plan.baseline
    found: dict[tuple[str, str, str], dict[int, list[float]]] = {}
    for run in equal_epochs(results.finished).to_dict("records"):
        by_class = class_accuracies(results.metrics.get(run["directory"], {}), metric.name)
        if by_class:
            found.setdefault((run["dataset"], run["encoder"], run["arm"]), {})[run["seed"]] = by_class
    rows: list[dict[str, Any]] = []
    pairs = equal_epochs(results.seed_values)
    paired = set(zip(pairs["dataset"], pairs["encoder"], pairs["effect"], pairs["seed"], strict=True))
    for dataset, encoder in results.cells:
        classes = results.data_of(dataset).get("classes")
        names = list(map(str, classes)) if isinstance(classes, list) else []
        before = found.get((dataset, encoder, baseline), {})
        for arm in (arm for arm in results.ranked_arms if arm != baseline):
            after = found.get((dataset, encoder, arm), {})
            effect = dataset, encoder, f"{arm}-{baseline}"
            seeds = [s for s in after if (*effect, s) in paired and len(before.get(s, ())) == len(after[s])]
            base, own = (pd.DataFrame([side[seed] for seed in seeds]) for side in (before, after))
            rows += [
                {"class": names[place] if place < len(names) else str(place), "arm": arm, "dataset": dataset,
                 "encoder": encoder, "baseline": base[place].mean(), "own": own[place].mean(),
                 "difference": own[place] - base[place]} for place in range(base.shape[1])
            ]  # fmt: skip
    rows.sort(key=lambda row: -abs(row["difference"].mean()))
    columns = (
        Column.text("class", "Class"),
        ARM,
        *KEY[:2],
        Column.number("baseline", f"{baseline}, %", 1),
        Column.number("own", "Arm, %", 1),
        Column.number("difference", "Difference, points", of=lambda row: mean_cell(row["difference"], 1, signed=True)),
    )
    caption = (
        f"{metric.title} by class, mean over seeds: the {MOST_CLASSES} largest differences, chosen after seeing the "
        "data, so no test goes with them."
    )
    rows = rows[:MOST_CLASSES]
    return Table.of("classes", "Differences by class", caption, columns, rows, source=links.source("classes.csv"))


def class_accuracies(metrics: dict[str, Any], metric: str) -> list[float]:
    """Accuracy in percent of each class of one run; empty where it wasn't recorded or is damaged."""
    try:
        counts, right = metrics["images"]["class_counts"], metrics["images"]["class_correct"][metric]
        return [100 * hit / of if of else float("nan") for hit, of in zip(right, counts, strict=True)]
    except (KeyError, TypeError, ValueError):
        return []
