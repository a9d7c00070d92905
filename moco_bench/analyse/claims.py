"""`claims.csv`: each claim of the paper's abstract, what was measured for it, and the verdict of its declared rule."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pandas as pd

from moco_bench.analyse.counted_memory import FILE, CountedEffect, counted_effects
from moco_bench.analyse.findings import LEANING_FROM, could_decide
from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.plan import AnalysisPlan
from moco_bench.analyse.text import interval, number, p_value
from moco_bench.suite.analysis import AnalysisConfig, ClaimRule

Verdict = Literal["supported", "contradicted", "not decided by this suite", "not tested by this suite"]
UNTESTED: Verdict = "not tested by this suite"
UNDECIDED: Verdict = "not decided by this suite"
MEMORY = "peak_memory_mib"
COUNTED = "counted"
"""In `ci_method`: the estimate is in counted bytes, which repeat exactly; there is no interval and no test."""

COLUMNS = (
    "claim", "verdict", "dataset", "encoder", "metric", "budget", "effect", "direction", "estimate", "ci_low",
    "ci_high", "ci_method", "p_value", "p_holm", "n_seeds", "paired", "margin", "why", "text", "reading",
    "analysis_fingerprint", "p_equivalence_holm", "equivalence_low", "equivalence_high",
)  # fmt: skip
_COPIED = (
    "dataset", "encoder", "metric", "budget", "effect", "estimate", "ci_low", "ci_high", "ci_method", "p_value",
    "p_holm", "n_seeds", "paired", "margin", "p_equivalence_holm", "equivalence_low", "equivalence_high",
)  # fmt: skip

Row = dict[str, Any]


def claims_of(effects: pd.DataFrame, plan: AnalysisPlan, memory: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a claim, data set, encoder and budget; empty where no suite declared its rules before the run.

    Args:
        effects: as `effects_of` returns them.
        plan: with the suite's claims.
        memory: `profile/memory.csv`, where the suite was profiled: claims on peak memory are judged on its counted
            bytes of tensors, once for each data set and encoder that it covers; None or empty: on the processes' peaks.
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
    counted = _counted(rule.effect, plan, memory) if rule.metric == MEMORY else []
    for found in counted:
        verdict, why = judge_counted(rule.direction, found, plan.config)
        yield {**stated, **_as_effect(rule, found), "verdict": verdict, "why": why}
    covered = {(found.dataset, found.encoder) for found in counted}
    measured = effects[(effects["metric"] == rule.metric) & (effects["effect"] == rule.effect)]
    for effect in measured.to_dict("records"):
        if (effect["dataset"], effect["encoder"]) in covered:  # bytes of a step are the same at every budget
            continue
        verdict, why = judge(rule.direction, effect, plan.config)
        if rule.metric == MEMORY:
            why = f"judged on the processes' peaks, as no profile counted the bytes of these arms: {why}"
        yield {**stated, **{name: effect[name] for name in _COPIED}, "verdict": verdict, "why": why}
    if measured.empty and not counted:
        known = (effects["effect"] == rule.effect).any()
        why = (
            f"no finished run has a {METRICS[rule.metric].title}" if known else f"the suite has no effect {rule.effect}"
        )
        yield {**stated, "metric": rule.metric, "effect": rule.effect, "verdict": UNTESTED, "why": why}


def _counted(effect: str, plan: AnalysisPlan, memory: pd.DataFrame | None) -> list[CountedEffect]:
    if memory is None or memory.empty:
        return []
    percent = plan.config.margin_percent
    return counted_effects(memory, effect, baseline=plan.baseline, contrasts=plan.contrasts, margin_percent=percent)


def _as_effect(rule: ClaimRule, found: CountedEffect) -> Row:
    return {
        "dataset": found.dataset,
        "encoder": found.encoder,
        "metric": rule.metric,
        "budget": "epochs",
        "effect": rule.effect,
        "estimate": found.estimate,
        "ci_method": COUNTED,
        "margin": found.margin,
    }


def judge_counted(
    direction: Literal["higher", "lower"], found: CountedEffect, config: AnalysisConfig
) -> tuple[Verdict, str]:
    """The verdict on counted bytes: supported beyond the margin on the claimed side, else contradicted."""
    verdict: Verdict = "supported" if found.verdict == direction else "contradicted"
    words = found.verdict if found.verdict in ("higher", "lower") else "within the margin: no difference"
    return verdict, (
        f"judged on counted bytes of tensors at the suite's batch and queue, of this package's loss ({FILE}); one that "
        "holds logits may answer otherwise: "
        f"{number(100 * (found.ratio - 1), 1, signed=True)} %, {words} (margin {config.margin_percent:g} %); "
        "they repeat exactly, so there is no interval"
    )


def judge(
    direction: Literal["higher", "lower"], effect: Mapping[Any, Any], config: AnalysisConfig
) -> tuple[Verdict, str]:
    """The verdict on one row of `effects.csv`, and the reason in words and figures. The rule is `ClaimRule`'s."""
    finding = effect["finding"]
    if finding in ("higher", "lower"):
        agree = f"interval and exact test (Holm p {_p(effect, 'p_holm')}) agree"
        if finding == direction:
            return "supported", f"{agree} on the claimed side"
        return "contradicted", f"{agree} on the other side"
    if finding == "equivalent":
        return "contradicted", (
            f"{_inside(effect, config)}, and the exact tests confirm it (Holm p {_p(effect, 'p_equivalence_holm')})"
        )
    return UNDECIDED, _undecided(direction, effect, config)


def _undecided(direction: str, effect: Mapping[Any, Any], config: AnalysisConfig) -> str:
    finding = effect["finding"]
    if finding == "no-data":
        return "too few finished runs"
    if finding == "leans-equivalent":
        adjusted = effect["p_equivalence_holm"]
        if adjusted <= 1 - config.confidence and not could_decide(effect, config):
            return f"{_inside(effect, config)}, but {effect['n_seeds']} seeds could not have shown a difference either"
        return f"{_inside(effect, config)}, but exact test and correction don't confirm it (Holm p {p_value(adjusted)})"
    if finding.startswith("leans-"):
        side = "claimed" if finding == f"leans-{direction}" else "other"
        return (
            f"the {_percent(config.confidence)} interval lies on the {side} side, the corrected exact test doesn't "
            f"confirm it (Holm p {_p(effect, 'p_holm')})"
        )
    if effect["n_seeds"] < LEANING_FROM or math.isnan(effect["ci_low"]):
        n = effect["n_seeds"]
        return f"{n} paired seed{'s are' if n != 1 else ' is'} too few to say anything"
    return (
        f"the {_percent(config.confidence)} interval includes zero, and the {_narrow(config)} interval "
        f"{_bounds(effect)} reaches beyond the margin of {_margin(effect)}"
    )


def _inside(effect: Mapping[Any, Any], config: AnalysisConfig) -> str:
    """Two one-sided t-tests at 5 % are one 90 % interval, not the 95 % one that stands beside the estimate."""
    return (
        f"the {_narrow(config)} interval {_bounds(effect)} lies within the margin of {_margin(effect)} "
        "(both one-sided t-tests)"
    )


def _narrow(config: AnalysisConfig) -> str:
    return _percent(1 - 2 * (1 - config.confidence))


def _percent(part: float) -> str:
    return f"{100 * part:.4g} %"


def _bounds(effect: Mapping[Any, Any]) -> str:
    digits = METRICS[effect["metric"]].decimals
    return interval(effect["equivalence_low"], effect["equivalence_high"], digits)


def _margin(effect: Mapping[Any, Any]) -> str:
    metric = METRICS[effect["metric"]]
    unit = "points" if metric.unit == "%" else metric.unit
    return f"{number(effect['margin'], metric.decimals)} {unit}".strip()


def _p(effect: Mapping[Any, Any], name: str) -> str:
    return p_value(effect[name])
