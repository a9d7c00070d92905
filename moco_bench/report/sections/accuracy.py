"""Accuracy by arm and by class; the figure is shown on the first screen."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from moco_bench.analyse.images import CLASS_COLUMNS
from moco_bench.analyse.table import equal_epochs, table_of_text
from moco_bench.analyse.text import interval, number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.page import Plot
from moco_bench.report.model.table import ARM, KEY, Cell, Column, Row, Table, cell, heading
from moco_bench.report.model.words import count, listed
from moco_bench.report.read.equal_compute import cells_with_own_runs
from moco_bench.report.read.results import Results, by_arm, of_cell, said_by_cell
from moco_bench.report.render.figures import grid, plot
from moco_bench.report.render.names import MOST_ROWS, curve_arms, name_cell, name_rows, rows_height
from moco_bench.report.render.style import INK, PAPER, RULE, arm_styles
from moco_bench.report.section import Section
from moco_bench.suite.metrics import METRICS, MetricColumn


def probe_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Runs whose linear probe chose a C at the edge of the suite's grid, where a better one may lie beyond."""
    suite = results.plan.suite
    grid = sorted(set(suite.evaluate.probe.c_values)) if suite else []
    if len(grid) < 2:
        return ()
    done = results.runs[results.runs["status"] == "done"]
    again = done.duplicated(["fingerprint", "replicate"]) & (done["fingerprint"] != "")  # one run at two budgets
    places = [str(place) for place in done.loc[~again, "directory"]]
    chosen = {place: results.metrics.get(place, {}).get("linear_c") for place in places}
    known = {place: float(rate) for place, rate in chosen.items() if isinstance(rate, (int, float))}
    parts, first = [], ""
    for name, edge in (("smallest", grid[0]), ("largest", grid[-1])):
        hits = [place for place, rate in known.items() if abs(rate - edge) <= 1e-9 * edge]
        if hits:
            parts.append(f"the {name}, {edge:g}, in {len(hits)} of {count(len(known), 'run')}")
            first = first or hits[0]
    if not parts:
        return ()
    text = (
        f"The linear probe\u2019s C is at an edge of the suite\u2019s grid: {listed(parts)}. A better value may lie "
        "beyond, so those probe accuracies may be too low."
    )
    return (links.note(text, f"{first}/metrics.json"),)


@plot("accuracy", "Accuracy by arm")
def accuracy_figure(results: Results) -> Plot | None:
    """One point per seed, each arm's mean with its standard deviation; baselines below; kNN beside the linear probe."""
    done = equal_epochs(results.finished)
    metrics = [METRICS[name] for name in ("knn_top1", "linear_top1") if done[name].notna().any()]
    if not metrics:
        return None
    columns = ["dataset", "encoder", "arm", "seed", *(m.name for m in metrics)]
    runs = done[columns].melt(columns[:4], var_name="metric", value_name="top1")
    data = pd.concat([runs, _baselines(results, [m.name for m in metrics])], ignore_index=True).dropna(subset="top1")
    kept, drawn = curve_arms(results, MOST_ROWS)
    arms = tuple(arm for arm in results.ranked_arms if arm in kept)
    names = [*arms, *(name for name in dict.fromkeys(data["arm"]) if name not in results.arms)]
    figure, axes = grid(len(results.cells), len(metrics), row_height=0.7 + rows_height(names))
    for row, (dataset, encoder) in zip(axes, results.cells, strict=True):
        for panel, metric in zip(row, metrics, strict=True):
            chosen = of_cell(data[data["arm"].isin(names)], dataset, encoder)
            _dots(panel, chosen[chosen["metric"] == metric.name], arms, names)
            panel.set_xlabel(f"{metric.title}, %")
        name_cell(row[0], dataset, encoder, len(results.cells) > 1, 80 // len(metrics))
        for panel in row[1:]:
            panel.tick_params(labelleft=False)

    def means_of(own: pd.DataFrame) -> str:
        means = own[own["metric"] == metrics[0].name].groupby("arm", sort=False)["top1"].mean()
        return ", ".join(f"{arm} {number(value, 1)} %" for arm, value in means.reindex(names).items())

    return Plot(
        "Small points: seeds. Large marker and bar: mean and standard deviation. Below the line: baselines without "
        f"training.{drawn}",
        f"{metrics[0].title} by arm: {said_by_cell(results.cells, data, means_of)}.",
        figure,
        data,
    )


def _baselines(results: Results, metrics: list[str]) -> pd.DataFrame:
    """Rows for the baselines without training, by the same evaluation."""
    rows = [
        (*cell, name, place, metric, measured[metric])
        for cell in results.cells
        for name, repeats in results.baselines(*cell).items()
        for place, measured in enumerate(repeats)
        for metric in metrics
        if metric in measured
    ]
    return pd.DataFrame(rows, columns=["dataset", "encoder", "arm", "seed", "metric", "top1"])


def _dots(panel: Axes, data: pd.DataFrame, arms: tuple[str, ...], names: list[str]) -> None:
    styles = arm_styles(arms)
    trained = data[data["arm"].isin(arms)]
    sns.stripplot(
        trained, x="top1", y="arm", order=names, hue="arm", hue_order=list(arms), jitter=False, size=3.6, alpha=0.55,
        palette={arm: styles[arm].colour for arm in arms}, legend=False, ax=panel,
    )  # fmt: skip
    for place, name in enumerate(names):
        values = data.loc[data["arm"] == name, "top1"]
        if values.empty:
            continue
        if name not in arms:
            panel.plot(values.mean(), place, marker="D", color=INK, markerfacecolor=PAPER, markersize=5)
            continue
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        panel.errorbar(
            values.mean(), place + 0.24, xerr=spread, color=styles[name].colour, marker=styles[name].marker,
            markersize=5.5, capsize=2.5, linewidth=1.4,
        )  # fmt: skip
    if len(names) > len(arms):
        panel.axhline(len(arms) - 0.4, color=RULE, linewidth=1)
    panel.set_ylabel("")
    name_rows(panel, names)


CLASSES = "classes.csv"
MOST_CLASSES = 10
"""Number of rows of differences by class; `classes.csv` has all."""


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
            of_arm = by_arm(runs)
            for arm in results.ranked_arms:
                if len(own := of_arm[arm]):
                    yield {**key, "arm": arm, "values": own[own["status"] == "done"], "of": len(own), "href": ""}
            href = links.to(f"floors/{dataset}.json")
            for name, repeats in results.baselines(dataset, encoder).items():
                measured = pd.DataFrame(repeats, columns=[m.name for m in metrics], dtype=float)
                yield {**key, "arm": name, "values": measured, "of": len(repeats), "href": href}

    columns = (
        ARM,
        *KEY,
        Column.number("n", "Seeds", of=_seeds),
        *(Column.mean(m.name, heading(m), m.decimals, lambda row: row["values"], "href") for m in metrics),
    )
    caption = "Mean and standard deviation over seeds, last epoch; at the end the same evaluation without training."
    return Table.of("accuracy", "Accuracy", f"{caption}{serve_too}", columns, rows(), source=links.source("runs.csv"))


def _seeds(row: Row) -> Cell:
    known, of = len(row["values"]), row["of"]
    return cell(known if known == of else f"{known} of {of}", known, href=row["href"])


def classes_table(results: Results, links: Links) -> Table | None:
    """The arms' largest differences to the baseline by class, as `classes.csv` has them."""
    metric, baseline = results.accuracy, results.plan.baseline
    found = table_of_text(results.directory / CLASSES)
    if found is None or not {*CLASS_COLUMNS} <= set(found.columns):
        return None
    effects = {f"{arm}-{baseline}": arm for arm in results.arms if arm != baseline}
    found = equal_epochs(found[(found["metric"] == metric.name) & found["effect"].isin(effects)])
    parsed = ("class", "estimate", "ci_low", "ci_high")
    numbers = {name: pd.to_numeric(found[name], errors="coerce").astype(float) for name in parsed}
    found = found.assign(arm=found["effect"].map(effects), **numbers).dropna(subset=["class", "estimate"])
    rows = found.sort_values("estimate", key=lambda sizes: -sizes.abs(), kind="stable")[:MOST_CLASSES]

    def name(row: Row) -> str:
        names, place = results.data_of(row["dataset"]).get("classes"), int(row["class"])
        return str(names[place]) if isinstance(names, list) and place < len(names) else str(place)

    columns = (
        Column.text("class", "Class", name),
        ARM,
        *KEY[:2],
        Column.number("estimate", f"Difference to {baseline}, points", 1, signed=True),
        Column.text("interval", "Interval", lambda row: interval(row["ci_low"], row["ci_high"], 1), sourced=True),
    )
    caption = (
        f"{metric.title} by class, mean over seeds: the {MOST_CLASSES} largest differences, chosen after seeing the "
        f"data, so no test goes with them. {100 * results.plan.config.confidence:g} % t intervals over other seeds, on "
        "these evaluation images, not corrected for the number of classes."
    )
    return Table.of("classes", "Differences by class", caption, columns, rows, source=links.source(CLASSES))


SECTION = Section("accuracy", "Accuracy", notes=probe_notes, tables=(accuracy_table,), folded=(classes_table,))
