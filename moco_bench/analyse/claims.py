"""`claims.csv`: each declared claim, what was measured for it, and the verdict of its declared rule."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.counted_memory import FILE, CountedEffect, counted_effects, otherwise_written
from moco_bench.analyse.findings import LEANING_FROM, could_decide
from moco_bench.analyse.pairing import NO_RUN, NOT_PAIRED, reasons_left_out
from moco_bench.analyse.text import interval, number, p_value
from moco_bench.suite.config.analysis import AnalysisConfig, ClaimRule
from moco_bench.suite.metrics import METRICS

SUPPORTED, CONTRADICTED = "supported", "contradicted"
UNTESTED = "not tested by this suite"
INCONCLUSIVE = "inconclusive"
BELOW = "not judged: below the baselines"
UNMEASURED = "not judged: baselines not measured"
INTERIM = "not judged: seeds are still to be run"
MIXED = "mixed"
DEPENDS = "depends on the implementation"
MEMORY = "peak_memory_mib"
NONE = "no effect above"
COUNTED = "counted"
"""Value of `ci_method` for estimates in counted bytes, which repeat exactly: no interval and no test."""

COLUMNS = (
    "claim", "verdict", "dataset", "encoder", "metric", "budget", "effect", "direction", "estimate", "ci_low",
    "ci_high", "ci_method", "p_value", "p_holm", "n_seeds", "paired", "margin", "why", "text", "reading",
    "analysis_fingerprint", "p_equivalence_holm", "equivalence_low", "equivalence_high", "p_ledger", "quantities",
)  # fmt: skip

Row = Mapping[Any, Any]


class Judgement(NamedTuple):
    """A verdict, and the reason in words and figures."""

    verdict: str
    why: str


def claims_of(effects: pd.DataFrame, plan: AnalysisPlan, memory: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per claim, data set, encoder and budget; empty where the suite asks for no claims.

    Where the suite was profiled, claims on peak memory are judged on the counted bytes of tensors in `memory`
    (`profile/memory.csv`), once for each data set and encoder that it covers; else on the processes' peaks.
    """
    if plan.suite is None:
        return pd.DataFrame(columns=list(COLUMNS))
    registered = {"analysis_fingerprint": plan.fingerprint}
    rows = [{**row, **registered} for rule in plan.config.claims for row in _rows(rule, effects, plan, memory)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(rule: ClaimRule, effects: pd.DataFrame, plan: AnalysisPlan, memory: pd.DataFrame | None) -> Iterator[Row]:
    stated = {"claim": rule.name, "text": rule.claim, "reading": rule.reading, "direction": rule.direction}
    if rule.metric is None or rule.effect is None:
        yield {**stated, "direction": "", "verdict": UNTESTED, "why": "no quantity here stands for it"}
        return
    stated["quantities"] = ", ".join(f"{quantity.metric} {quantity.direction}" for quantity in rule.quantities)
    effect_name = plan.effect_of(rule)
    if effect_name is None:
        why = plan.no_factorial or "no arm has both ingredients and nothing else"
        yield {**stated, "metric": rule.metric, "effect": rule.effect, "verdict": UNTESTED, "why": why}
        return
    counted = counted_effects(memory, effect_name, plan) if rule.metric == MEMORY else []
    for found in counted:
        judged = judge_counted(rule.direction, found, plan)
        measured_by = {"metric": rule.metric, "budget": "epochs", "ci_method": COUNTED}
        yield {**stated, **found._asdict(), **measured_by, **judged._asdict()}
    covered = {(found.dataset, found.encoder) for found in counted}
    of_effect = effects[effects["effect"] == effect_name]
    measured = of_effect[of_effect["metric"] == rule.metric]
    for effect in measured.to_dict("records"):
        if (effect["dataset"], effect["encoder"]) in covered:  # bytes of a step are the same at every budget
            continue
        verdict, why = _judge_all(rule, effect, of_effect, plan.config)
        if rule.metric == MEMORY:
            why = f"judged on the processes' peaks, as no profile counted the bytes of these arms: {why}"
        yield {**effect, **stated, "verdict": verdict, "why": why}
    if measured.empty and not counted:
        if not of_effect.empty:
            why = f"no finished run has a {METRICS[rule.metric].title}"
        else:
            why = plan.no_factorial or f"the suite has no effect {effect_name}"
        yield {**stated, "metric": rule.metric, "effect": effect_name, "verdict": UNTESTED, "why": why}


def judge_counted(direction: Literal["higher", "lower"], found: CountedEffect, plan: AnalysisPlan) -> Judgement:
    """The verdict from counted bytes, by the margin alone: for this package's loss and for other ways of writing it.

    One way of writing the loss decides nothing about a method: without the other's figures there is no verdict.
    """
    margin = plan.config.margin_percent
    none = f"{NONE} {margin:g} %"

    def verdict_of(verdict: str) -> str:
        return SUPPORTED if verdict == direction else CONTRADICTED if verdict in ("higher", "lower") else none

    own = verdict_of(found.verdict)
    words = found.verdict if found.verdict in ("higher", "lower") else "within the margin"
    why = (
        f"judged on counted bytes of tensors at the suite's batch and queue, of this package's loss ({FILE}): "
        f"{number(100 * (found.ratio - 1), 1, signed=True)} %, {words} (margin {margin:g} %)"
    )
    others = otherwise_written(plan, found)  # judged at the suite's queue, as this package's loss is
    said = "; ".join(f"{other.words}: {_range(other.ratios)} at queues of {other.queues}" for other in others)
    if any(verdict_of(verdict) != own for other in others for verdict in other.verdicts):
        return Judgement(DEPENDS, f"{why}; {said}. Bytes repeat exactly, so there is no interval")
    if not said:
        return Judgement(INCONCLUSIVE, f"{why}. A loss that holds its logits may answer otherwise, and was not counted")
    return Judgement(own, f"{why}; {said}. Bytes repeat exactly, so there is no interval")


def _range(ratios: tuple[float, ...]) -> str:
    low, high = (f"{number(100 * (ratio - 1), 1, signed=True)} %" for ratio in (min(ratios), max(ratios)))
    return low if low == high else f"{low} to {high}"


def _judge_all(rule: ClaimRule, effect: Mapping[Any, Any], effects: pd.DataFrame, config: AnalysisConfig) -> Judgement:
    """The verdict on all quantities of a claim, in one data set, encoder and budget."""
    metric = METRICS[effect["metric"]]
    if metric.about_representations and effect["baseline_short_of"]:
        return Judgement(BELOW, f"{effect['baseline_standing']}; it has to be above both by more than the margin")
    if metric.about_representations and metric.floor and effect["n_seeds"] and not effect["baseline_standing"]:
        why = "raw pixels and the untrained encoder were not both measured, so nothing shows an encoder beats them"
        return Judgement(UNMEASURED, why)
    if effect["finding"] == "interim":
        return Judgement(INTERIM, f"interim, {pending_in_words(effect)}; a verdict before would be one more look")
    here = effects
    for name in ("dataset", "encoder", "budget"):
        here = here[here[name] == effect[name]]
    of_metric = {row["metric"]: row for row in here.to_dict("records")}
    judged = [
        (METRICS[quantity.metric], judge(quantity.direction, of_metric[quantity.metric], config))
        for quantity in rule.quantities
        if quantity.metric in of_metric
    ]
    missing = [METRICS[quantity.metric].title for quantity in rule.quantities if quantity.metric not in of_metric]
    if missing:
        return Judgement(UNTESTED, f"no finished run has a value of {', '.join(missing)}")
    if len(judged) == 1:
        return judged[0][1]
    why = "; ".join(f"{title.title}: {one.verdict} ({one.why})" for title, one in judged)
    return Judgement(_together([one.verdict for _, one in judged]), why)


def _together(verdicts: list[str]) -> str:
    if len(set(verdicts)) == 1:
        return verdicts[0]
    if all(verdict.startswith(NONE) for verdict in verdicts):
        return f"{NONE} the margins"
    if SUPPORTED in verdicts and CONTRADICTED in verdicts:
        return MIXED
    return CONTRADICTED if CONTRADICTED in verdicts else INCONCLUSIVE


def judge(direction: Literal["higher", "lower"], effect: Mapping[Any, Any], config: AnalysisConfig) -> Judgement:
    """The verdict on one row of `effects.csv`, and the reason in words and figures. The rule is `ClaimRule`'s."""
    finding, level = effect["finding"], 1 - config.confidence + 1e-12
    none = f"{NONE} {margin_in_words(effect)}"
    if finding == "equivalent":
        confirmed = f"the exact tests confirm it (Holm p {p_value(effect['p_equivalence_holm'])})"
        return Judgement(none, f"{_inside(effect, config)}, and {confirmed}")
    if finding not in ("higher", "lower"):
        return Judgement(INCONCLUSIVE, _why_inconclusive(direction, effect, config))
    if effect["p_equivalence_holm"] <= level:
        return Judgement(none, f"there is a difference, but {_inside(effect, config)}")
    tests, over_claims = f"interval and exact test (Holm p {p_value(effect['p_holm'])}", p_value(effect["p_ledger"])
    if not effect["p_ledger"] <= level:
        return Judgement(INCONCLUSIVE, f"{tests}) agree, but not after correction over all claims (p {over_claims})")
    claimed = finding == direction
    why = f"{tests}, over all claims p {over_claims}) agree on the {'claimed' if claimed else 'other'} side"
    return Judgement(SUPPORTED if claimed else CONTRADICTED, why)


def _why_inconclusive(direction: str, effect: Mapping[Any, Any], config: AnalysisConfig) -> str:
    finding = effect["finding"]
    if finding == "no-data":
        reasons = [said.removeprefix(NOT_PAIRED) for said in reasons_left_out(effect)]
        unfinished = not reasons or all(said.startswith(NO_RUN) for said in reasons)
        return "too few finished runs" if unfinished else f"no pairs: {' and '.join(reasons)}"
    if finding == "leans-equivalent":
        adjusted = effect["p_equivalence_holm"]
        if adjusted <= 1 - config.confidence and not could_decide(effect, config):
            return f"{_inside(effect, config)}, but {effect['n_seeds']} seeds could not have shown a difference either"
        return f"{_inside(effect, config)}, but exact test and correction don't confirm it (Holm p {p_value(adjusted)})"
    if finding.startswith("leans-"):
        side = "claimed" if finding == f"leans-{direction}" else "other"
        return (
            f"the {_percent(config.confidence)} interval lies on the {side} side, the corrected exact test doesn't "
            f"confirm it (Holm p {p_value(effect['p_holm'])})"
        )
    n = effect["n_seeds"]
    if n < LEANING_FROM:
        return f"{n} paired seed{'s are' if n != 1 else ' is'} too few to say anything"
    if math.isnan(effect["ci_low"]) and not math.isnan(effect["p_equivalence"]):
        return (
            f"the {_percent(config.confidence)} interval of {n} seeds is unbounded by the method that the suite states"
        )
    if math.isnan(effect["ci_low"]):
        return (
            f"the differences of all {n} seeds are equal, so there is no interval, and the corrected exact tests "
            f"decide nothing (Holm p {p_value(effect['p_holm'])})"
        )
    return (
        f"the {_percent(config.confidence)} interval includes zero, and the {_narrow(config)} interval "
        f"{_bounds(effect)} reaches beyond the margin of {margin_in_words(effect)}"
    )


def _inside(effect: Mapping[Any, Any], config: AnalysisConfig) -> str:
    """Says that the interval of the two one-sided t-tests (90 % for tests at 5 %) lies within the margin."""
    if math.isnan(effect["equivalence_low"]):
        estimate = number(effect["estimate"], METRICS[effect["metric"]].decimals, signed=True)
        return f"all seeds' differences are {estimate}, within the margin of {margin_in_words(effect)}"
    return (
        f"the {_narrow(config)} interval {_bounds(effect)} lies within the margin of {margin_in_words(effect)} "
        "(both one-sided t-tests)"
    )


def _narrow(config: AnalysisConfig) -> str:
    return _percent(1 - 2 * (1 - config.confidence))


def _percent(part: float) -> str:
    return f"{100 * part:.4g} %"


def _bounds(effect: Mapping[Any, Any]) -> str:
    digits = METRICS[effect["metric"]].decimals
    return interval(effect["equivalence_low"], effect["equivalence_high"], digits)


def pending_in_words(effect: Mapping[Any, Any]) -> str:
    """How far an effect's seeds are: `6 seeds are done, 2 are still to be run`."""
    done, pending = int(effect["n_seeds"]), int(effect["n_pending"])
    if not pending:
        return "other effects in the same Holm family still have seeds to run"
    return f"{_are(done, ' seed')} done, {_are(pending)} still to be run"


def _are(number_of: int, noun: str = "") -> str:
    return f"{number_of}{noun}{'s' * bool(noun and number_of != 1)} {'is' if number_of == 1 else 'are'}"


def margin_in_words(effect: Mapping[Any, Any]) -> str:
    """One effect's own margin: `1 point`, `0.127`."""
    metric = METRICS[effect["metric"]]
    unit = ("point" if effect["margin"] == 1 else "points") if metric.unit == "%" else metric.unit
    shown = f"{effect['margin']:g}" if metric.unit == "%" else number(effect["margin"], metric.decimals)
    return f"{shown} {unit}".strip()
