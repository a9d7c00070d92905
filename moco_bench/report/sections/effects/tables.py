"""What each ingredient is worth: the effects with everything that says how sure they are."""

from dataclasses import replace
from typing import Any

from moco_bench.analyse.text import interval, number, p_value
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Cell, Column, Table, cell, drop_constant, heading
from moco_bench.report.model.words import FINDING_WORDS, contrast_title, finding_tone, listed, margin_words, units_shown
from moco_bench.report.read.equal_compute import WORDS, compute_of
from moco_bench.report.read.results import UNRANKED, Results
from moco_bench.suite.metrics import METRICS, MetricColumn

IDENTITY = (Column("effect", "Effect", numeric=False), *KEY, Column("metric", "MetricColumn", numeric=False))
Row = dict[Any, Any]


def declared_metrics(results: Results) -> list[str]:
    """The metrics of representation quality that the suite declares, the primary one first."""
    return list(dict.fromkeys((results.plan.config.primary, *results.plan.config.metrics)))


def effects_table(results: Results, links: Links) -> Table:
    """All effects on the primary metric at equal epochs: estimate, interval, test, correction, finding."""
    rows = [row for row in _rows_on(results, [results.primary.name]) if row["budget"] == "epochs"]
    if len(results.arms) > UNRANKED:
        rows.sort(key=lambda row: (row["kind"] != "factorial", not row["n_seeds"], -row["estimate"]))
    return _effects(results, links, rows, "effects", f"Effects on {results.primary.title}{_at_equal(results)}")


def further_effects_table(results: Results, links: Links) -> Table | None:
    """The 2x2's effects, or the arms' without one, on all other metrics; `effects.csv` has everything."""
    declared = declared_metrics(results)[1:]
    others = [name for name in METRICS if name in set(results.effects["metric"])]
    metrics = list(dict.fromkeys((*declared, *(name for name in others if name != results.primary.name))))
    rows = [row for row in _rows_on(results, metrics) if row["budget"] == "epochs" and row["n_seeds"] > 0]
    rows = [row for row in rows if row["kind"] == "factorial"] or rows
    if not rows:
        return None
    table = _effects(results, links, rows, "further_effects", "Effects on the other metrics")
    return replace(table, caption=f"{units_shown(row['metric'] for row in rows)} All comparisons are in effects.csv.")


def _at_equal(results: Results) -> str:
    """At what the arms are equal, where more is known of it than that they train for as many epochs."""
    compute = compute_of(results)
    if set(results.runs["budget"]) != {"epochs"}:
        return " at equal epochs"
    return " at equal epochs and FLOPs" if compute.rows and all(row["shared"] for row in compute.rows) else ""


def compute_effects_table(results: Results, links: Links) -> Table | None:
    """The same at equal training time and at equal operations; None where the suite has no such runs."""
    rows = [row for row in _rows_on(results, [results.primary.name]) if row["budget"] != "epochs"]
    if not rows:
        return None
    equal = listed(WORDS[budget] for budget in dict.fromkeys(row["budget"] for row in rows))
    table = _effects(results, links, rows, "effects_compute", f"Effects at equal {equal}")
    return replace(table, caption="As above, with each arm\u2019s runs of equal compute.")


def _effects(results: Results, links: Links, effects: list[Row], name: str, title: str) -> Table:
    config = results.plan.config
    rows = []
    for effect in effects:
        metric = METRICS[effect["metric"]]
        rows.append(
            (
                *_identity(effect, metric, results.plan.baseline),
                cell(number(effect["estimate"], metric.decimals, signed=True), effect["estimate"]),
                cell(interval(effect["ci_low"], effect["ci_high"], metric.decimals)),
                cell(p_value(effect["p_value"]), effect["p_value"]),
                cell(p_value(effect["p_holm"]), effect["p_holm"]),
                cell(effect["n_seeds"], effect["n_seeds"]),
                cell(effect["paired"]),
                cell(FINDING_WORDS[effect["finding"]], tone=finding_tone(metric.name, effect["finding"])),
            )
        )
    columns = (
        *IDENTITY,
        Column("estimate", "Estimate"),
        Column("interval", f"{100 * config.confidence:g} % interval", numeric=False, sourced=True),
        Column("p_value", "Exact p"),
        Column("p_holm", "Holm p"),
        Column("n_seeds", "Seeds"),
        Column("paired", "Pairing", numeric=False),
        Column("finding", "Finding", numeric=False),
    )
    caption = (
        f"{units_shown(effect['metric'] for effect in effects)} {config.interval} intervals over other seeds, "
        "on these test images; exact two-sided sign-flip "
        "p; Holm\u2019s correction within each family."
    ).strip()
    table = Table(name, title, caption, columns, tuple(rows), source=links.source(results.written.effects))
    return drop_constant(table, (*KEY_NAMES, "metric", "paired"))


def certainty_table(results: Results, links: Links) -> Table:
    """The primary metric's effects: the other interval, equivalence, standardised and robust sizes, power."""
    config = results.plan.config
    other = "t" if config.interval == "studentised-bootstrap" else "studentised bootstrap"
    rows = []
    effects = [row for row in _rows_on(results, [results.primary.name]) if row["budget"] == "epochs"]
    for effect in effects:
        metric = METRICS[effect["metric"]]
        digits = metric.decimals
        rows.append(
            (
                *_identity(effect, metric, results.plan.baseline),
                cell(interval(effect["other_low"], effect["other_high"], digits)),
                cell(interval(effect["images_low"], effect["images_high"], digits)),
                cell(interval(effect["equivalence_low"], effect["equivalence_high"], digits)),
                cell(p_value(effect["p_equivalence"]), effect["p_equivalence"]),
                cell(p_value(effect["p_equivalence_exact"]), effect["p_equivalence_exact"]),
                cell(p_value(effect["p_equivalence_holm"]), effect["p_equivalence_holm"]),
                cell(number(effect["cohens_dz"], 2, signed=True), effect["cohens_dz"]),
                cell(number(effect["probability_of_improvement"], 2), effect["probability_of_improvement"]),
                cell(number(effect["interquartile_mean"], digits, signed=True), effect["interquartile_mean"]),
                cell(p_value(effect["smallest_p"]), effect["smallest_p"]),
                cell(number(effect["detectable_effect"], digits), effect["detectable_effect"]),
            )
        )
    columns = (
        *IDENTITY,
        Column("other_interval", f"{100 * config.confidence:g} % {other}", numeric=False, sourced=True),
        Column("images_interval", f"{100 * config.confidence:g} %, seeds and images", numeric=False, sourced=True),
        Column("equivalence_interval", f"{100 * (2 * config.confidence - 1):.4g} % t", numeric=False, sourced=True),
        Column("p_equivalence", "Equivalence p, t"),
        Column("p_equivalence_exact", "Equivalence p, exact"),
        Column("p_equivalence_holm", "Equivalence p, Holm"),
        Column("cohens_dz", "Cohen\u2019s dz"),
        Column("probability_of_improvement", "P(better)"),
        Column("interquartile_mean", "IQM"),
        Column("smallest_p", "Smallest p"),
        Column("detectable_effect", "Detectable"),
    )
    table = Table(
        "certainty",
        "More about each effect",
        f"{units_shown(effect['metric'] for effect in effects)} Equivalence within "
        f"{margin_words(config, (effect['metric'] for effect in effects))}, by two one-sided tests with the "
        "interval before them. Seeds and images: over other seeds and other test images. "
        "Detectable: the smallest effect found with 80 % power.",
        columns,
        tuple(rows),
        source=links.source(results.written.effects),
    )
    return drop_constant(table, (*KEY_NAMES, "metric"))


def _rows_on(results: Results, metrics: list[str]) -> list[Row]:
    """The effects on these metrics, in their order."""
    effects = results.effects[results.effects["metric"].isin(metrics)]
    order = effects["metric"].map({name: place for place, name in enumerate(metrics)})
    rows: list[Row] = effects.assign(order=order).sort_values("order", kind="stable").to_dict("records")
    return rows


def _identity(effect: Row, metric: MetricColumn, baseline: str) -> tuple[Cell, ...]:
    return (
        _effect(effect, baseline),
        *(cell(effect[name]) for name in KEY_NAMES),
        cell(metric.short if metric.unit == "%" else heading(metric)),
    )


def _effect(effect: Row, baseline: str) -> Cell:
    """In words; files keep the name that an arm's comparison has in `effects.csv`."""
    title = contrast_title(effect, baseline)
    return cell(title, effect["effect"] if effect["kind"] == "arm" else title)
