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
    "equivalent": "no difference beyond the margin",
    "leans-higher": "leans higher, not confirmed",
    "leans-lower": "leans lower, not confirmed",
    "leans-equivalent": "leans to no difference, not confirmed",
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
    """All effects on the declared accuracies: estimate, interval, test, correction, equivalence, sizes."""
    config = results.plan.config
    declared = dict.fromkeys((config.primary, *config.metrics))
    effects = results.effects[results.effects["metric"].isin(list(declared))]
    rows = [_row(effect, links) for effect in effects.to_dict("records")]
    percent = f"{100 * config.confidence:g} %"
    columns = (
        Column("effect", "Effect", numeric=False),
        *KEY,
        Column("metric", "Metric", numeric=False),
        Column("estimate", "Estimate"),
        Column("interval", f"{percent} interval", numeric=False),
        Column("other_interval", _method(_other(config.interval)), numeric=False),
        Column("p_value", "Exact p"),
        Column("p_holm", "Holm p"),
        Column("p_equivalence", "Equivalence p"),
        Column("cohens_dz", "d_z"),
        Column("probability_of_improvement", "P(better)"),
        Column("interquartile_mean", "IQM"),
        Column("detectable_effect", "Detectable at 80 % power"),
        Column("n_seeds", "Seeds"),
        Column("paired", "Pairing", numeric=False),
        Column("finding", "Finding", numeric=False),
    )
    table = Table(
        "effects",
        "Effects",
        f"Estimates in percentage points; {percent} {_method(config.interval)} intervals; exact two-sided sign-flip p; "
        "Holm's correction within each family.",
        columns,
        tuple(rows),
        note=f"Intervals in brackets that are dashes are unbounded or not defined for that many seeds. Margin of "
        f"equivalence: {config.margin_points:g} points.",
    )
    return drop_constant(table, (*KEY_NAMES, "metric", "paired"))


def _other(method: str) -> str:
    return "studentised-bootstrap" if method == "t" else "t"


def _method(method: str) -> str:
    return {"t": "t", "studentised-bootstrap": "studentised-bootstrap"}[method]


def _row(effect: dict[Any, Any], links: Links) -> tuple[Cell, ...]:
    digits = METRICS[effect["metric"]].decimals
    equivalence = max(effect["p_equivalence"], effect["p_equivalence_exact"])
    return (
        cell(effect_title(effect["effect"])),
        cell(effect["dataset"]),
        cell(effect["encoder"]),
        cell(effect["budget"]),
        cell(METRICS[effect["metric"]].title),
        cell(number(effect["estimate"], digits, signed=True), effect["estimate"], href=links.to("effects.csv")),
        cell(interval(effect["ci_low"], effect["ci_high"], digits)),
        cell(interval(effect["other_low"], effect["other_high"], digits)),
        cell(p_value(effect["p_value"]), effect["p_value"]),
        cell(p_value(effect["p_holm"]), effect["p_holm"]),
        cell(p_value(equivalence), equivalence),
        cell(number(effect["cohens_dz"], 2, signed=True), effect["cohens_dz"]),
        cell(number(effect["probability_of_improvement"], 2), effect["probability_of_improvement"]),
        cell(number(effect["interquartile_mean"], digits, signed=True), effect["interquartile_mean"]),
        cell(number(effect["detectable_effect"], digits), effect["detectable_effect"]),
        cell(effect["n_seeds"], effect["n_seeds"]),
        cell(effect["paired"]),
        cell(FINDING_WORDS[effect["finding"]], tone=finding_tone(effect["metric"], effect["finding"])),
    )


def claims_table(results: Results, links: Links) -> Table | None:
    """The abstract's claims and their verdicts; None where no suite declared rules."""
    if results.claims.empty:
        return None
    rows = []
    for claim in results.claims.to_dict("records"):
        known = isinstance(claim["metric"], str)
        digits = METRICS[claim["metric"]].decimals if known else 2
        measured = f"{effect_title(claim['effect'])} on {METRICS[claim['metric']].title}" if known else ABSENT
        tone = {"supported": "good", "contradicted": "bad"}.get(claim["verdict"], "open")
        rows.append(
            (
                cell(claim["text"]),
                *(cell(claim[name] if isinstance(claim[name], str) else ABSENT) for name in KEY_NAMES),
                cell(measured),
                cell(
                    _number(claim["estimate"], digits), claim["estimate"], href=links.to("claims.csv") if known else ""
                ),
                cell(interval(_float(claim["ci_low"]), _float(claim["ci_high"]), digits)),
                cell(p_value(_float(claim["p_holm"])), claim["p_holm"]),
                cell(claim["verdict"], tone=tone),
                cell(f"{claim['why']}. {claim['reading']}".strip()),
            )
        )
    columns = (
        Column("claim", "Claim of the abstract", numeric=False),
        *KEY,
        Column("measured", "What was measured", numeric=False),
        Column("estimate", "Estimate"),
        Column("interval", "Interval", numeric=False),
        Column("p_holm", "Holm p"),
        Column("verdict", "Verdict", numeric=False),
        Column("why", "Why, and how the claim was read", numeric=False),
    )
    table = Table(
        "claims",
        "Claims",
        "Verdicts by rules that the suite declared before its runs.",
        columns,
        tuple(rows),
    )
    return drop_constant(table, ("encoder", "budget"))


def _float(value: Any) -> float:
    return float(value) if pd.notna(value) else float("nan")


def _number(value: Any, digits: int) -> str:
    return number(_float(value), digits, signed=True)
