"""Why an arm may differ: what its negatives and embeddings look like, beside what it does to accuracy."""

import pandas as pd

from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant, heading, mean_cell
from moco_bench.report.model.words import listed
from moco_bench.report.read.results import Results, last_epochs
from moco_bench.suite.metrics import METRICS, MetricColumn, added

LAST_EPOCH = {
    "positive_similarity": "Similarity to positive",
    "negative_similarity": "Similarity to negatives",
    "kept_mass": "Softmax mass of the kept negatives",
    "key_gradient_share": "Gradient due to the key term",
}
FALSE_NEGATIVES = {
    "false_negative_rate_kept": "False negatives kept",
    "false_negative_rate_dropped": "False negatives dropped",
}
STRUCTURE = ("alignment", "uniformity", "effective_rank")


def mechanism_table(results: Results, links: Links) -> Table | None:
    """One row an arm: last epoch's diagnostics and the embeddings' structure beside the difference in accuracy."""
    last = last_epochs(results.histories)
    done = results.finished[results.finished["budget"] == "epochs"]
    from_history = {name: text for name, text in LAST_EPOCH.items() if name in last and last[name].notna().any()}
    from_runs = {name: text for name, text in FALSE_NEGATIVES.items() if done[name].notna().any()}
    of_plugins = [metric.name for metric in added() if metric.kind == "structure"]
    structure = [METRICS[name] for name in (*STRUCTURE, *of_plugins) if done[name].notna().any()]
    if not (from_history or from_runs or structure):
        return None
    differences = results.seed_values[results.seed_values["budget"] == "epochs"]
    rows: list[tuple[Cell, ...]] = []
    for dataset, encoder in results.cells:
        here, ends, paired = (_of_cell(table, dataset, encoder) for table in (done, last, differences))
        for arm in results.ranked_arms:
            own, end = here[here["arm"] == arm], ends[ends["arm"] == arm] if len(ends) else ends
            history = next((links.to_run(place, "history.csv") for place in own["directory"]), "")
            against = paired.loc[paired["effect"] == f"{arm}-{results.plan.baseline}", "value"]
            rows.append(
                (
                    cell(arm),
                    cell(dataset),
                    cell(encoder),
                    mean_cell(against, results.primary.decimals, signed=True),
                    *(mean_cell(own[name], 3) for name in from_runs),
                    *(mean_cell(end[name], 3, href=history) for name in from_history),
                    *(mean_cell(own[m.name], m.decimals) for m in structure),
                )
            )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY[:2],
        Column("accuracy_difference", f"{results.primary.short}, against {results.plan.baseline}"),
        *(Column(name, text) for name, text in (from_runs | from_history).items()),
        *(Column(m.name, heading(m)) for m in structure),
    )
    table = Table(
        "mechanism",
        "Mechanism",
        "Last epoch, mean and standard deviation over seeds. False negatives: fraction with the anchor\u2019s own "
        f"class.{_directions(structure)}",
        columns,
        tuple(rows),
        source=links.source("runs.csv"),
    )
    return drop_constant(table, KEY_NAMES)


def _directions(metrics: list[MetricColumn]) -> str:
    """Which side of each metric is better, as a sentence to go on with."""
    sides = {side: [metric.short for metric in metrics if metric.better == side] for side in ("higher", "lower")}
    said = [f"{side} is better for {listed(names)}" for side, names in sides.items() if names]
    said_at_once = "; ".join(said)
    return f" {said_at_once[0].upper()}{said_at_once[1:]}." if said else ""


def _of_cell(table: pd.DataFrame, dataset: str, encoder: str) -> pd.DataFrame:
    return table[(table["dataset"] == dataset) & (table["encoder"] == encoder)] if len(table) else table
