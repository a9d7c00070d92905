"""How good the representations are: by arm, by run, and seed by seed against the baseline."""

import pandas as pd

from moco_bench.analyse.contrasts import contrasts_among
from moco_bench.analyse.metrics import METRICS, Metric
from moco_bench.analyse.text import ABSENT, number
from moco_bench.report.equal_compute import cells_with_own_runs
from moco_bench.report.floor_files import Accuracies
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.model import Cell, Column, Table, cell, drop_constant, mean_cell
from moco_bench.report.words import in_unit

KEY = (
    Column("dataset", "Data set", numeric=False),
    Column("encoder", "Encoder", numeric=False),
    Column("budget", "Budget", numeric=False),
)
KEY_NAMES = tuple(column.name for column in KEY)


def accuracy_metrics(results: Results) -> list[Metric]:
    """The accuracies that at least one finished run has, in a fixed order."""
    return [m for m in METRICS.values() if m.kind == "accuracy" and results.finished[m.name].notna().any()]


def heading(metric: Metric) -> str:
    """A metric's short title with its unit."""
    return f"{metric.short}, {metric.unit}" if metric.unit else metric.short


def accuracy_table(results: Results, links: Links) -> Table:
    """Mean and standard deviation over seeds, one row an arm; the floors below each data set's arms."""
    metrics = accuracy_metrics(results)
    found, serve_too = cells_with_own_runs(results)
    rows: list[tuple[Cell, ...]] = []
    for (dataset, encoder, budget), of_cell in found:
        done = of_cell[(of_cell["status"] == "done") & (of_cell["replicate"] == 1)]
        planned = of_cell[of_cell["replicate"] == 1]
        for arm in dict.fromkeys(of_cell["arm"]):
            values, wanted = done[done["arm"] == arm], int((planned["arm"] == arm).sum())
            shown = [mean_cell(values[m.name], m.decimals) for m in metrics]
            count = cell(f"{len(values)}" if len(values) == wanted else f"{len(values)} of {wanted}", len(values))
            rows.append((cell(arm), cell(dataset), cell(encoder), cell(budget), count, *shown))
        rows += _floor_rows(results, links, dataset, encoder, budget, metrics)
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        Column("n", "Seeds"),
        *(Column(m.name, heading(m)) for m in metrics),
    )
    table = Table(
        "accuracy",
        "Accuracy",
        "Mean and standard deviation over seeds, last epoch; floors are the same evaluation on raw pixels and on the "
        f"randomly initialised encoder.{serve_too}",
        columns,
        tuple(rows),
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)


def _floor_rows(
    results: Results, links: Links, dataset: str, encoder: str, budget: str, metrics: list[Metric]
) -> list[tuple[Cell, ...]]:
    floors = results.floors.get(dataset)
    if floors is None:
        return []
    href = links.to(f"floors/{dataset}.json")
    named: list[tuple[str, dict[str, pd.Series]]] = [
        ("floor: raw pixels", _series([floors["pixels"]], metrics)),
        ("floor: random encoder", _series(list(floors["random_encoder"].get(encoder, {}).values()), metrics)),
    ]
    return [
        (
            cell(title),
            cell(dataset),
            cell(encoder),
            cell(budget),
            _count(max(len(series) for series in values.values()), href),
            *(mean_cell(values[m.name], m.decimals, href=href) for m in metrics),
        )
        for title, values in named
        if any(len(series) for series in values.values())
    ]


def _count(n: int, href: str) -> Cell:
    return cell(n, n, href=href)


def _series(rows: list[Accuracies], metrics: list[Metric]) -> dict[str, pd.Series]:
    return {m.name: pd.Series([row[m.name] for row in rows if m.name in row], dtype=float) for m in metrics}


def runs_table(results: Results, links: Links) -> Table:
    """Every run, each number linked to the file it comes from."""
    metrics = accuracy_metrics(results)
    rows = []
    for run in results.runs.to_dict("records"):
        source = links.to_run(run["directory"], "metrics.json")
        record = links.to_run(run["directory"], "run.json") if run["status"] != "missing" else ""
        seed = f"{run['seed']}" + (f" (rep {run['replicate']})" if run["replicate"] > 1 else "")
        tone = {"done": "", "failed": "bad", "missing": "open"}[run["status"]]
        rows.append(
            (
                cell(run["arm"]),
                cell(run["dataset"]),
                cell(run["encoder"]),
                cell(run["budget"]),
                cell(seed, run["seed"]),
                cell(run["status"], href=record, tone=tone),
                *(
                    Cell(number(run[m.name], m.decimals), run[m.name], source if run[m.name] == run[m.name] else "")
                    for m in metrics
                ),
                cell(number(run["epochs"], 0), run["epochs"]),
                cell(str(run["fingerprint"])[:8] or ABSENT),
            )
        )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY,
        Column("seed", "Seed"),
        Column("status", "Status", numeric=False),
        *(Column(m.name, heading(m)) for m in metrics),
        Column("epochs", "Epochs"),
        Column("fingerprint", "Fingerprint", numeric=False, sourced=True),
    )
    caption = "Each number leads to the file it comes from."
    table = Table("runs", "Every run", caption, columns, tuple(rows), source=links.source("runs.csv"))
    return drop_constant(table, KEY_NAMES)


def differences_table(results: Results, links: Links) -> Table:
    """Each seed's differences to the baseline on the primary metric, and its factorial effects."""
    metric = results.primary
    contrasts = contrasts_among(results.arms, results.plan.baseline, results.plan.contrasts)
    known = results.seed_values.set_index(["dataset", "encoder", "budget", "effect", "seed"])["value"].to_dict()
    found, serve_too = cells_with_own_runs(results)
    rows = []
    for key, of_cell in found:
        for seed in sorted(of_cell["seed"].unique()):
            values = [known.get((*key, contrast.name, seed), float("nan")) for contrast in contrasts]
            rows.append(
                (
                    cell(seed, int(seed)),
                    *(cell(part) for part in key),
                    *(cell(number(value, metric.decimals, signed=True), value) for value in values),
                )
            )
    columns = (Column("seed", "Seed"), *KEY, *(Column(c.name, c.title) for c in contrasts))
    table = Table(
        "differences",
        "Seed by seed",
        f"Paired differences and effects on {metric.title}{in_unit(metric)}; a dash where an arm of that seed has no "
        f"finished run or the arms' hashes differ.{serve_too}",
        columns,
        tuple(rows),
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)
