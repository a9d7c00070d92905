"""The text of the first screen: effect of each ingredient, its uncertainty, and its cost."""

from collections.abc import Sequence
from dataclasses import replace

from moco_bench.analyse.claims import margin_in_words
from moco_bench.analyse.pairing import why_no_pairs
from moco_bench.analyse.table import equal_epochs
from moco_bench.analyse.text import interval, number, p_value
from moco_bench.report.model.links import Links
from moco_bench.report.model.page import Answer, DataSetAnswers, Summary
from moco_bench.report.model.table import Row
from moco_bench.report.model.words import (
    DECIDED,
    FINDING_WORDS,
    count,
    finding_tone,
    in_unit,
    listed,
    sentence,
    subject,
    unit_of_effect,
)
from moco_bench.report.read.results import Results, of_cell
from moco_bench.report.read.searches import searched_apart
from moco_bench.report.sections.first_screen import notes
from moco_bench.report.sections.first_screen.headline import (
    INGREDIENTS,
    by_weight,
    headline_of,
    headline_over,
    not_judged,
)
from moco_bench.report.sections.first_screen.limits import distinct_runs, limits_of, to_decide
from moco_bench.report.sections.first_screen.strip import strip_for
from moco_bench.suite.metrics import MetricColumn

QUESTIONS = {
    "dual_view": "Does the dual-view loss help?",
    "filtering": "Does hard-negative filtering help?",
    "interaction": "Do they interact?",
}
MOST_ANSWERS = 12
"""Most comparisons on one data set on the first screen; decided ones come first."""


def summarise(results: Results, links: Links) -> Summary:
    """Answer the questions by the primary metric at equal epochs."""
    metric = results.primary
    of_cells = [(cell, _rows(results, metric, *cell)) for cell in results.cells]
    found = [(cell, rows) for cell, rows in of_cells if rows]
    blocks = tuple(_block(results, metric, *cell, rows) for cell, rows in found)
    blocks = tuple(
        replace(block, limits="") if any(block.limits == before.limits for before in blocks[:place]) else block
        for place, block in enumerate(blocks)
    )
    over_all = headline_over([rows for _, rows in found], _extent(results))
    headline = blocks[0].headline if len(blocks) == 1 else over_all
    return Summary(
        headline,
        notes.below_baselines(results),
        (
            *notes.learnt_notes(results, links),
            *notes.data_warnings(results),
            *notes.machine_warnings(results, links),
            *notes.search_warnings(results, links),
        ),
        blocks,
        f"{metric.title}{in_unit(metric)}",
        _progress(results),
    )


def _extent(results: Results) -> str:
    datasets, encoders = (len({cell[place] for cell in results.cells}) for place in (0, 1))
    parts = [f"on {datasets} data sets"] if datasets > 1 else []
    return " ".join([*parts, f"with {encoders} encoders"] if encoders > 1 else parts)


def _progress(results: Results) -> str:
    runs = distinct_runs(results)
    counts = runs["status"].value_counts()
    done, total = int(counts.get("done", 0)), len(runs)
    said = f"All {total} runs are done." if total > 1 else "Its one run is done."
    if done < total:
        parts = [f"{counts[name]} {name}" for name in ("failed", "missing") if counts.get(name, 0)]
        of_all = "1 run is" if total == 1 else f"{total} runs are"
        said = f"{done} of {of_all} done, {' and '.join(parts)}: see Missing or failed runs."
    return said + _held_out(results)


def _held_out(results: Results) -> str:
    """Says that accuracies are no test accuracies; empty where they are."""
    judged = results.finished.drop_duplicates("dataset").set_index("dataset")["evaluated_on"]
    held_out = [str(name) for name in judged.index[judged == "validation"]]
    where = "" if len(held_out) == len(judged) else f" on {listed(held_out)}"
    said = f" Accuracies{where} are those of held-out training images, not of test images."
    return said if held_out else ""


def _rows(results: Results, metric: MetricColumn, dataset: str, encoder: str) -> Sequence[Row]:
    chosen = of_cell(equal_epochs(results.effects), dataset, encoder)
    chosen = chosen[chosen["metric"] == metric.name]
    factorial, lost = chosen["kind"] == "factorial", (chosen["n_seeds"] == 0) & (chosen["n_pending"] == 0)
    # An arm that failed in every seed must not hide the others, nor a setting of one arm pass for an ingredient.
    hidden = (not lost.all() and lost[factorial].all()) or searched_apart(results, dataset, encoder)
    if hidden and not factorial.all():
        chosen = chosen[~factorial]
    return chosen[chosen["kind"] == "factorial"].to_dict("records") or chosen.to_dict("records")


def _block(results: Results, metric: MetricColumn, dataset: str, encoder: str, rows: Sequence[Row]) -> DataSetAnswers:
    shown = by_weight(rows)[:MOST_ANSWERS] if len(rows) > MOST_ANSWERS else rows
    hidden = len(rows) - len(shown)
    return DataSetAnswers(
        f"{dataset}, {encoder}",
        headline_of(rows, metric),
        tuple(_answer(results, row, metric, shown) for row in shown),
        limits_of(rows, metric, results.plan.config),
        unit_of_effect(metric),
        to_decide(results, rows, metric),
        f"The other {hidden} comparisons are in the table of effects." if hidden else "",
    )


def _answer(results: Results, row: Row, metric: MetricColumn, rows: Sequence[Row]) -> Answer:
    tests = f"p {p_value(row['p_value'])}, Holm {p_value(row['p_holm'])}, " if row["n_seeds"] else ""
    if row["finding"] == "equivalent":
        tests = f"equivalence p {p_value(row['p_equivalence_holm'])} after Holm, "
    unproven = ", pairing unproven" if row["paired"] == "unproven" else ""
    return Answer(
        question=_question(row, metric),
        verdict=_verdict(row, metric, 1 - results.plan.config.confidence),
        tone="quiet" if not_judged(row) else finding_tone(metric.name, row["finding"]),
        decided=row["finding"] in DECIDED and not not_judged(row),
        estimate=number(row["estimate"], metric.decimals, signed=True),
        interval=interval(row["ci_low"], row["ci_high"], metric.decimals),
        certainty=f"{tests}{count(row['n_seeds'], 'seed')}{unproven}",
        strip=strip_for(row, rows),
        leaning=FINDING_WORDS[row["finding"]] if row["finding"].startswith("leans-") and not not_judged(row) else "",
        parts=_simple_effects(results, row, metric),
    )


def _question(row: Row, metric: MetricColumn) -> str:
    if row["effect"] == "interaction" or (row["effect"] in QUESTIONS and metric.better):
        return QUESTIONS[row["effect"]]
    if row["kind"] in ("arm", "simple") and metric.better:
        return f"Is {row['treatment']} better than {row['control']}?"
    return f"{sentence(subject(row)) if row['effect'] in QUESTIONS else subject(row)}: a difference?"


def _verdict(row: Row, metric: MetricColumn, level: float) -> str:
    finding, interaction = row["finding"], row["effect"] == "interaction"
    margin = margin_in_words(row)
    if not_judged(row) and finding != "no-data":
        return "Not judged: the baseline arm has learnt too little"
    if finding in ("higher", "lower"):
        good = finding == metric.better
        small = row["p_equivalence_holm"] <= level + 1e-12
        if metric.better is None:
            words = f"Yes: {finding}"
        elif interaction:
            words = f"Yes: together {'better' if good else 'worse'} than their sum"
        elif row["kind"] == "suite":
            words = f"Yes: {'slightly ' * small}{'better' if good else 'worse'}"
        elif small:
            words = "Slightly" if good else "No: slight harm"
        else:
            words = "Yes" if good else "No: it does harm"
        return f"{words}, under {margin}" if small else words
    if finding == "equivalent":
        return f"No: their effects add up, within {margin}" if interaction else f"No difference beyond {margin}"
    if finding == "no-data":
        reason = why_no_pairs(row)
        return f"No pairs: {reason}" if reason else "No pair of finished seeds"
    return "Interim: no verdict yet" if finding == "interim" else "Inconclusive"


def _simple_effects(results: Results, row: Row, metric: MetricColumn) -> str:
    """The two simple effects that a main effect averages, over its own seeds: without and with the other ingredient."""
    if results.factorial_arms is None or row["effect"] not in INGREDIENTS:
        return ""
    base, dual, filtered, both = results.factorial_arms
    own, other, name = (
        (dual, filtered, "filter") if row["effect"] == "dual_view" else (filtered, dual, "dual-view loss")
    )
    values = of_cell(equal_epochs(results.finished), row["dataset"], row["encoder"])
    pairs = of_cell(equal_epochs(results.seed_values), row["dataset"], row["encoder"])
    seeds = pairs.loc[pairs["effect"] == row["effect"], "seed"]
    by_arm = values[values["seed"].isin(seeds)].pivot(index="seed", columns="arm", values=metric.name)
    if seeds.empty:
        return ""
    alone, beside = ((by_arm[a] - by_arm[b]).mean() for a, b in ((own, base), (both, other)))
    shown = (number(value, metric.decimals, signed=True) for value in (alone, beside))
    return "without the {name} {}, with it {}".format(*shown, name=name)
