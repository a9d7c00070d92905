"""Cost of the arms at equal compute, and the effects there."""

from collections.abc import Sequence

from moco_bench.analyse.text import interval, number
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import declared_margins, effect_title, finding_words
from moco_bench.report.read.equal_compute import WITHIN, WORDS, Compute
from moco_bench.report.read.results import Results
from moco_bench.report.sections.effects.tables import of_the_2x2
from moco_bench.suite.metrics import MetricColumn


def equal_compute_notes(results: Results, compute: Compute) -> list[str]:
    """Effects at equal training time and at equal FLOPs: of the ingredients, or of the arms where there is no 2x2.

    If all arms are within 5 % of the baseline, the runs are those at equal epochs, and the note says that instead.
    """
    primary, effects = results.primary, results.effects
    chosen = effects[(effects["metric"] == primary.name) & (effects["budget"] != "epochs")]
    groups = dict(list(chosen.groupby(["dataset", "encoder", "budget"], sort=False)))
    places = dict.fromkeys([*groups, *((row["dataset"], row["encoder"], row["budget"]) for row in compute.rows)])
    sentences = []
    for dataset, encoder, budget in places:
        place = f" ({dataset}, {encoder})" if len(results.cells) > 1 else ""
        if (dataset, encoder, budget) in compute.shared:
            sentences.append(
                f"All arms are within {WITHIN} of {results.plan.baseline}\u2019s {WORDS[budget]}{place}, so equal "
                f"epochs is also equal {WORDS[budget]}."
            )
        elif (dataset, encoder, budget) in groups:
            rows = groups[dataset, encoder, budget].to_dict("records")
            said = _effects_said(of_the_2x2(results, rows) or rows, primary)
            sentences.append(f"At equal {WORDS[budget]}{place}: {said}.")
    return sentences


def _effects_said(rows: Sequence[Row], metric: MetricColumn) -> str:
    return "; ".join(
        f"{effect_title(row).lower() if row['kind'] == 'factorial' else effect_title(row)} "
        f"{number(row['estimate'], metric.decimals, signed=True)} "
        f"{interval(row['ci_low'], row['ci_high'], metric.decimals)}, {finding_words(row)}"
        for row in rows
    )


def effects_notes(results: Results) -> list[str]:
    """What counts as a significant difference."""
    primary = results.primary
    return [
        f"Primary metric, declared beforehand: {primary.title}. Significant: the interval leaves out zero and the "
        "exact test, corrected for multiplicity, agrees. No difference: shown to be within "
        f"{declared_margins(results.plan.config, [primary.name])}. Anything else is inconclusive."
    ]
