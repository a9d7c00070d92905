"""What each ingredient is worth: the effects with everything that says how sure they are."""

from typing import Any

import pandas as pd

from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.text import ABSENT, interval, number, p_value
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.accuracy import KEY, KEY_NAMES
from moco_bench.report.tables.model import Cell, Column, Table, cell, drop_constant

EFFECT_TITLES = {"dual_view": "Dual-view loss", "filtering": "Hard-negative filter", "interaction": "Interaction"}
FINDING_WORDS = {
    "higher": "higher",
    "lower": "lower",
    "equivalent": "no difference",
    "leans-higher": "leans higher",
    "leans-lower": "leans lower",
    "leans-equivalent": "leans to none",
    "undecided": "not decided",
    "no-data": "no data",
}


def effect_title(name: str) -> str:
    """How an effect is called where people read it."""
    return EFFECT_TITLES.get(name, name)


def finding_tone(metric: str, finding: str) -> str:
    """Whether a finding is good news for the treatment; open where nothing is decided."""
    if finding == "equivalent":
        return "quiet"
    if finding in ("higher", "lower"):
        return "good" if finding == METRICS[metric].better else "bad"
    return "open"


def effects_table(results: Results, links: Links) -> Table:
    """All effects on the declared accuracies: estimate, interval, test, correction, finding."""
    config = results.plan.config
    rows = []
    for effect in _declared(results):
        digits = METRICS[effect["metric"]].decimals
        rows.append(
            (
                *_identity(effect),
                cell(number(effect["estimate"], digits, signed=True), effect["estimate"], href=links.to("effects.csv")),
                cell(interval(effect["ci_low"], effect["ci_high"], digits)),
                cell(p_value(effect["p_value"]), effect["p_value"]),
                cell(p_value(effect["p_holm"]), effect["p_holm"]),
                cell(effect["n_seeds"], effect["n_seeds"]),
                cell(effect["paired"]),
                cell(FINDING_WORDS[effect["finding"]], tone=finding_tone(effect["metric"], effect["finding"])),
            )
        )
    percent = f"{100 * config.confidence:g} %"
    columns = (
        *IDENTITY,
        Column("estimate", "Estimate"),
        Column("interval", f"{percent} interval", numeric=False),
        Column("p_value", "Exact p"),
        Column("p_holm", "Holm p"),
        Column("n_seeds", "Seeds"),
        Column("paired", "Pairing", numeric=False),
        Column("finding", "Finding", numeric=False),
    )
    table = Table(
        "effects",
        "Effects",
        f"Percentage points; {config.interval} intervals; exact two-sided sign-flip p; Holm's correction "
        "within each family.",
        columns,
        tuple(rows),
    )
    return drop_constant(table, (*KEY_NAMES, "metric", "paired"))


def certainty_table(results: Results, links: Links) -> Table:
    """The same effects: the other interval, equivalence, standardised and robust sizes, what could have been seen."""
    config = results.plan.config
    other = "t" if config.interval == "studentised-bootstrap" else "studentised bootstrap"
    rows = []
    for effect in _declared(results):
        digits = METRICS[effect["metric"]].decimals
        rows.append(
            (
                *_identity(effect),
                cell(interval(effect["other_low"], effect["other_high"], digits)),
                cell(p_value(effect["p_equivalence"]), effect["p_equivalence"]),
                cell(p_value(effect["p_equivalence_exact"]), effect["p_equivalence_exact"]),
                cell(number(effect["cohens_dz"], 2, signed=True), effect["cohens_dz"]),
                cell(number(effect["probability_of_improvement"], 2), effect["probability_of_improvement"]),
                cell(number(effect["interquartile_mean"], digits, signed=True), effect["interquartile_mean"]),
                cell(p_value(effect["smallest_p"]), effect["smallest_p"]),
                cell(number(effect["detectable_effect"], digits), effect["detectable_effect"]),
            )
        )
    columns = (
        *IDENTITY,
        Column("other_interval", f"{100 * config.confidence:g} % {other}", numeric=False),
        Column("p_equivalence", "Equivalence p, t"),
        Column("p_equivalence_exact", "Equivalence p, exact"),
        Column("cohens_dz", "Cohen's dz"),
        Column("probability_of_improvement", "P(better)"),
        Column("interquartile_mean", "IQM"),
        Column("smallest_p", "Smallest p"),
        Column("detectable_effect", "Detectable"),
    )
    table = Table(
        "certainty",
        "More about each effect",
        f"Equivalence within {config.margin_points:g} point{'s' * (config.margin_points != 1)}; detectable: the "
        "smallest effect that a t-test of as many seeds finds with a chance of 80 %. A dash: unbounded, or not defined "
        "for so few seeds.",
        columns,
        tuple(rows),
    )
    return drop_constant(table, (*KEY_NAMES, "metric"))


IDENTITY = (Column("effect", "Effect", numeric=False), *KEY, Column("metric", "Metric", numeric=False))


def _declared(results: Results) -> list[dict[Any, Any]]:
    """The effects on the declared accuracies, the primary metric's first."""
    config = results.plan.config
    declared = list(dict.fromkeys((config.primary, *config.metrics)))
    effects = results.effects[results.effects["metric"].isin(declared)]
    order = effects["metric"].map({name: place for place, name in enumerate(declared)})
    return effects.assign(order=order).sort_values("order", kind="stable").to_dict("records")


def _identity(effect: dict[Any, Any]) -> tuple[Cell, ...]:
    return (
        cell(effect_title(effect["effect"])),
        *(cell(effect[name]) for name in KEY_NAMES),
        cell(METRICS[effect["metric"]].short),
    )


def claims_table(results: Results, links: Links) -> Table | None:
    """The abstract's claims and their verdicts; None where no suite declared rules."""
    if results.claims.empty:
        return None
    rows = []
    for claim in results.claims.to_dict("records"):
        measured = pd.notna(claim["estimate"])
        digits = METRICS[claim["metric"]].decimals if isinstance(claim["metric"], str) else 2
        effect = number(_float(claim["estimate"]), digits, signed=True)
        if measured:
            bounds = interval(_float(claim["ci_low"]), _float(claim["ci_high"]), digits)
            effect = f"{effect} {_unit(claim['metric'])} {bounds}".replace("  ", " ")
        tone = {"supported": "good", "contradicted": "bad"}.get(claim["verdict"], "open")
        why = f"{claim['why'][0].upper()}{claim['why'][1:]}."
        rows.append(
            (
                cell(claim["text"]),
                cell(claim["verdict"].removesuffix(" by this suite"), claim["verdict"], tone=tone),
                *(cell(claim[name] if isinstance(claim[name], str) else ABSENT) for name in KEY_NAMES),
                cell(effect, claim["estimate"], href=links.to("claims.csv") if measured else ""),
                cell(f"{claim['reading']} {why}".strip()),
            )
        )
    columns = (
        Column("claim", "Claim of the abstract", numeric=False, prose=True),
        Column("verdict", "By this suite", numeric=False),
        *KEY,
        Column("effect", "Effect and interval", numeric=False),
        Column("why", "How the claim was read, and why this verdict", numeric=False, prose=True),
    )
    table = Table("claims", "Claims", "Verdicts by rules that the suite declared.", columns, tuple(rows))
    return drop_constant(table, KEY_NAMES)


def _unit(metric: str) -> str:
    """Differences of percentages are in points."""
    return {"%": "points"}.get(METRICS[metric].unit, METRICS[metric].unit)


def _float(value: Any) -> float:
    return float(value) if pd.notna(value) else float("nan")
