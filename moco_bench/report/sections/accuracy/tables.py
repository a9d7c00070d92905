"""How good the representations are, arm by arm."""

import pandas as pd

from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant, heading, mean_cell
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.floors import Accuracies
from moco_bench.report.read.results import Results
from moco_bench.suite.metrics import METRICS, MetricColumn


def accuracy_metrics(results: Results) -> list[MetricColumn]:
    """The accuracies that at least one finished run has, in a fixed order."""
    return [m for m in METRICS.values() if m.kind == "accuracy" and results.finished[m.name].notna().any()]


def accuracy_table(results: Results, links: Links) -> Table:
    """Mean and standard deviation over seeds, one row per arm; baselines below each data set's arms."""
    metrics = accuracy_metrics(results)
    found, serve_too = cells_with_own_runs(results)
    rows: list[tuple[Cell, ...]] = []
    for (dataset, encoder, budget), of_cell in found:
        done = of_cell[(of_cell["status"] == "done") & (of_cell["replicate"] == 1)]
        planned = of_cell[of_cell["replicate"] == 1]
        for arm in (arm for arm in results.ranked_arms if arm in set(of_cell["arm"])):
            values, wanted = done[done["arm"] == arm], int((planned["arm"] == arm).sum())
            shown = [mean_cell(values[m.name], m.decimals) for m in metrics]
            count = cell(f"{len(values)}" if len(values) == wanted else f"{len(values)} of {wanted}", len(values))
            rows.append((cell(arm), cell(dataset), cell(encoder), cell(budget), count, *shown))
        rows += _baseline_rows(results, links, dataset, encoder, budget, metrics)
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        Column("n", "Seeds"),
        *(Column(m.name, heading(m)) for m in metrics),
    )
    table = Table(
        "accuracy",
        "Accuracy",
        "Mean and standard deviation over seeds, last epoch; at the end the same evaluation without training."
        f"{serve_too}",
        columns,
        tuple(rows),
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)


def _baseline_rows(
    results: Results, links: Links, dataset: str, encoder: str, budget: str, metrics: list[MetricColumn]
) -> list[tuple[Cell, ...]]:
    """The same evaluation without training, and what always naming the largest class reaches."""
    href = links.to(f"floors/{dataset}.json")
    return [
        (
            cell(name),
            cell(dataset),
            cell(encoder),
            cell(budget),
            cell(len(repeats), len(repeats), href=href),
            *(
                mean_cell(
                    pd.Series([one[m.name] for one in repeats if m.name in one], dtype=float), m.decimals, href=href
                )
                for m in metrics
            ),
        )
        for name, repeats in results.baselines(dataset, encoder).items()
    ]


def _values(repeats: list[Accuracies], metric: str) -> pd.Series:
    return pd.Series([one[metric] for one in repeats if metric in one], dtype=float)
