"""Why an arm may differ: what its negatives and embeddings look like, beside what it does to accuracy."""

import pandas as pd

from moco_bench.analyse.contrasts import contrasts_among
from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.pairing import paired_values
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.accuracy import KEY, KEY_NAMES, heading
from moco_bench.report.tables.model import Cell, Column, Table, cell, drop_constant, mean_cell

LAST_EPOCH = {
    "positive_similarity": "Similarity to positive",
    "negative_similarity": "Similarity to negatives",
    "key_gradient_share": "Key loss's share of the gradient",
}
FALSE_NEGATIVES = {
    "false_negative_rate_kept": "False negatives kept",
    "false_negative_rate_dropped": "False negatives dropped",
}
STRUCTURE = ("alignment", "uniformity", "effective_rank")


def mechanism_table(results: Results, links: Links) -> Table | None:
    """One row an arm: last epoch's diagnostics and the embeddings' structure beside the difference in accuracy."""
    primary = METRICS[results.plan.config.primary]
    source = links.to("runs.csv")
    last = last_epochs(results.histories)
    done = results.finished[results.finished["budget"] == "epochs"]
    from_history = {name: text for name, text in LAST_EPOCH.items() if name in last and last[name].notna().any()}
    from_runs = {name: text for name, text in FALSE_NEGATIVES.items() if done[name].notna().any()}
    structure = [METRICS[name] for name in STRUCTURE if done[name].notna().any()]
    if not (from_history or from_runs or structure):
        return None
    rows: list[tuple[Cell, ...]] = []
    for dataset, encoder in results.cells:
        here = done[(done["dataset"] == dataset) & (done["encoder"] == encoder)]
        ends = last[(last["dataset"] == dataset) & (last["encoder"] == encoder)] if len(last) else last
        for arm in results.arms:
            own = here[here["arm"] == arm]
            end = ends[ends["arm"] == arm] if len(ends) else ends
            rows.append(
                (
                    cell(arm),
                    cell(dataset),
                    cell(encoder),
                    mean_cell(
                        _differences(results, dataset, encoder, arm), primary.decimals, href=links.to("runs.csv")
                    ),
                    *(mean_cell(own[name], 3, href=links.to("runs.csv")) for name in from_runs),
                    *(mean_cell(end[name], 3) for name in from_history),
                    *(mean_cell(own[m.name], m.decimals, href=source) for m in structure),
                )
            )
    columns = (
        Column("arm", "Arm", numeric=False),
        *KEY[:2],
        Column("accuracy_difference", f"{primary.short}, against {results.plan.baseline}"),
        *(Column(name, text) for name, text in (from_runs | from_history).items()),
        *(Column(m.name, heading(m)) for m in structure),
    )
    table = Table(
        "mechanism",
        "Mechanism",
        "Last epoch, mean and standard deviation over seeds. False negatives: part of the negatives with the anchor's "
        "own class (about one over the number of classes by chance). Alignment and uniformity: lower is better (Wang & "
        "Isola 2020).",
        columns,
        tuple(rows),
    )
    return drop_constant(table, KEY_NAMES)


def last_epochs(histories: pd.DataFrame) -> pd.DataFrame:
    """The last row of each run's history, first replicates at equal epochs only."""
    if histories.empty:
        return histories
    chosen = histories[(histories["replicate"] == 1) & (histories["budget"] == "epochs")]
    return chosen.groupby(["dataset", "encoder", "arm", "seed"], sort=False).tail(1)


def _differences(results: Results, dataset: str, encoder: str, arm: str) -> pd.Series:
    """The arm's paired differences to the baseline on the primary metric, one a seed."""
    of_cell = results.runs[
        (results.runs["dataset"] == dataset)
        & (results.runs["encoder"] == encoder)
        & (results.runs["budget"] == "epochs")
    ]
    baseline = results.plan.baseline
    found = [c for c in contrasts_among([arm, baseline], baseline) if c.kind == "arm"]
    metric = METRICS[results.plan.config.primary]
    return pd.Series(paired_values(of_cell, found[0], metric).values if found else [], dtype=float)
