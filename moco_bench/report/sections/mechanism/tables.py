"""Possible reasons for differences between arms: statistics of negatives and embeddings, beside accuracy."""

from typing import Any

from moco_bench.analyse.table import equal_epochs
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import ARM_KEY, Column, Table, heading, mean_cell
from moco_bench.report.model.words import listed, sentence
from moco_bench.report.read.histories import last_epochs
from moco_bench.report.read.results import Results, by_arm, of_cell
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
    """One row per arm: last epoch's diagnostics and the embeddings' structure beside the difference in accuracy."""
    last = last_epochs(results.histories)
    done = equal_epochs(results.finished)
    from_history = {name: text for name, text in LAST_EPOCH.items() if name in last and last[name].notna().any()}
    from_runs = {name: text for name, text in FALSE_NEGATIVES.items() if done[name].notna().any()}
    of_plugins = [metric.name for metric in added() if metric.kind == "structure"]
    structure = [METRICS[name] for name in (*STRUCTURE, *of_plugins) if done[name].notna().any()]
    if not (from_history or from_runs or structure):
        return None
    differences = equal_epochs(results.seed_values)
    rows: list[dict[str, Any]] = []
    for dataset, encoder in results.cells:
        here, ends, paired = (of_cell(table, dataset, encoder) for table in (done, last, differences))
        of_arm, end_of_arm = by_arm(here), by_arm(ends) if len(ends) else {}
        pairs = dict(list(paired.groupby("effect", sort=False)["value"]))
        for arm in results.ranked_arms:
            own = of_arm[arm]
            rows.append({
                "arm": arm, "dataset": dataset, "encoder": encoder, "own": own,
                "end": end_of_arm[arm] if len(ends) else ends,
                "difference": pairs.get(f"{arm}-{results.plan.baseline}", paired["value"][:0]),
                "history": next((links.to_run(place, "history.csv") for place in own["directory"]), ""),
            })  # fmt: skip
    columns = (
        *ARM_KEY,
        Column.number(
            "accuracy_difference", f"{results.primary.short}, against {results.plan.baseline}",
            of=lambda row: mean_cell(row["difference"], results.primary.decimals, signed=True),
        ),
        *(Column.mean(name, text, 3, lambda row: row["own"]) for name, text in from_runs.items()),
        *(Column.mean(name, text, 3, lambda row: row["end"], "history") for name, text in from_history.items()),
        *(Column.mean(m.name, heading(m), m.decimals, lambda row: row["own"]) for m in structure),
    )  # fmt: skip
    caption = (
        "Last epoch, mean and standard deviation over seeds. False negatives: fraction with the anchor\u2019s own "
        f"class.{_directions(structure)}"
    )
    return Table.of("mechanism", "Mechanism", caption, columns, rows, source=links.source("runs.csv"))


def _directions(metrics: list[MetricColumn]) -> str:
    """Which direction of each metric is better, as a sentence."""
    sides = {side: [metric.short for metric in metrics if metric.better == side] for side in ("higher", "lower")}
    said = "; ".join(f"{side} is better for {listed(names)}" for side, names in sides.items() if names)
    return f" {sentence(said)}." if said else ""
