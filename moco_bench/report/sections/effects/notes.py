"""What the arms cost at equal compute, and what the effects are there."""

from collections.abc import Iterable, Sequence

import pandas as pd

from moco_bench.analyse.metrics import Metric
from moco_bench.analyse.text import interval, number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import FINDING_WORDS, count, effect_title, listed, margin_words, sentence
from moco_bench.report.read.equal_compute import WITHIN, WORDS, Compute, Row, compute_of
from moco_bench.report.read.results import Results


def compute_notes(results: Results, compute: Compute) -> list[str]:
    """The arms' costs where they differ, and which runs stand behind equal compute: one sentence per cell and budget.

    Where all are equal the first screen says so.
    """
    places = dict.fromkeys((row["dataset"], row["encoder"], row["budget"]) for row in compute.rows)
    several = len({place[:2] for place in places}) > 1
    notes = []
    for dataset, encoder, budget in places:
        rows = compute.of(dataset, encoder, budget)
        if compute.all_shared(dataset, encoder, budget):
            continue
        where = f"on {dataset} with {encoder}, " if several else ""
        how = "counted FLOPs" if budget == "flops" else "measured time"
        costs = listed(f"{row['arm']} {number(row['relative'], 3)}" for row in rows)
        notes.append(
            sentence(
                f"{where}{how} per training image relative to {results.plan.baseline}: {costs}. "
                f"{_runs_behind(rows, WORDS[budget], declared=compute.declared)}"
            )
        )
    return notes


def _runs_behind(rows: Sequence[Row], what: str, *, declared: bool) -> str:
    shared, own = [row for row in rows if row["shared"]], [row for row in rows if not row["shared"]]
    said = (
        [f"Within {WITHIN}, so that runs at equal epochs serve at equal {what} too: {_arms(shared)}."] if shared else []
    )
    if declared:
        lengths = listed(
            f"{row['arm']}, {count(row['epochs'], 'epoch')} instead of {row['declared_epochs']}" for row in own
        )
        return " ".join([*said, f"With runs of their own: {lengths}."])
    return " ".join([*said, f"Not compared at equal {what}: {_arms(own)}."])


def _arms(rows: Iterable[Row]) -> str:
    return listed(row["arm"] for row in rows)


def equal_compute_notes(results: Results, compute: Compute) -> list[str]:
    """Effects at equal training time and equal operations: the ingredients', or those of arms where there is no 2x2.

    Where every arm's runs at equal epochs serve there too, the effects are the ones above, and that is said instead.
    """
    primary, effects = results.primary, results.effects
    chosen = effects[(effects["metric"] == primary.name) & (effects["budget"] != "epochs")]
    groups = dict(list(chosen.groupby(["dataset", "encoder", "budget"], sort=False)))
    places = dict.fromkeys([*groups, *((row["dataset"], row["encoder"], row["budget"]) for row in compute.rows)])
    sentences = []
    for dataset, encoder, budget in places:
        place = f" ({dataset}, {encoder})" if len(results.cells) > 1 else ""
        if compute.all_shared(dataset, encoder, budget):
            sentences.append(
                f"All arms are within {WITHIN} of {results.plan.baseline}\u2019s {WORDS[budget]}{place}, so equal "
                "epochs is also "
                f"equal {WORDS[budget]}."
            )
        elif (dataset, encoder, budget) in groups:
            said = _effects_said(groups[dataset, encoder, budget], primary)
            sentences.append(f"At equal {WORDS[budget]}{place}: {said}.")
    return sentences


def _effects_said(rows: pd.DataFrame, metric: Metric) -> str:
    factorial = rows[rows["kind"] == "factorial"]
    return "; ".join(
        f"{effect_title(row['effect']).lower()} {number(row['estimate'], metric.decimals, signed=True)} "
        f"{interval(row['ci_low'], row['ci_high'], metric.decimals)}, {FINDING_WORDS[row['finding']]}"
        for row in (rows if factorial.empty else factorial).to_dict("records")
    )


def effects_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """What counts as decided, and whether equal epochs are equal compute."""
    compute = compute_of(results)
    return (_decided_note(results), *links.notes(compute_notes(results, compute), compute.file))


def _decided_note(results: Results) -> Note:
    primary = results.primary
    return Note(
        f"Primary metric, declared beforehand: {primary.title}. Significant: the interval leaves out zero and the "
        "exact "
        "test, corrected for multiplicity, agrees. No difference: shown to be within "
        f"{margin_words(results.plan.config, [primary.name])}. Anything else is inconclusive."
    )
