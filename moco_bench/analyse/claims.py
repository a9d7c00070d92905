"""`claims.csv`: each claim of the paper's abstract, what was measured for it, and the verdict of its declared rule."""

from typing import Any, Literal

import pandas as pd

from moco_bench.analyse.plan import AnalysisPlan
from moco_bench.suite.analysis import ClaimRule

Verdict = Literal["supported", "contradicted", "not decided by this suite", "not tested by this suite"]
UNTESTED: Verdict = "not tested by this suite"
COLUMNS = (
    "claim", "verdict", "dataset", "encoder", "metric", "budget", "effect", "direction", "estimate", "ci_low",
    "ci_high", "ci_method", "p_value", "p_holm", "n_seeds", "paired", "margin", "why", "text", "reading",
    "analysis_fingerprint",
)  # fmt: skip
_COPIED = (
    "dataset", "encoder", "metric", "budget", "effect", "estimate", "ci_low", "ci_high", "ci_method", "p_value",
    "p_holm", "n_seeds", "paired", "margin",
)  # fmt: skip


def claims_of(effects: pd.DataFrame, plan: AnalysisPlan) -> pd.DataFrame:
    """One row a claim, data set, encoder and budget; empty where no suite declared its rules before the run."""
    if plan.suite is None:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = [row for rule in plan.config.claims for row in _rows(rule, effects)]
    return pd.DataFrame([{**row, "analysis_fingerprint": plan.fingerprint} for row in rows], columns=list(COLUMNS))


def _rows(rule: ClaimRule, effects: pd.DataFrame) -> list[dict[str, Any]]:
    stated = {"claim": rule.name, "text": rule.claim, "reading": rule.reading, "direction": rule.direction}
    if rule.metric is None:
        return [{**stated, "direction": "", "verdict": UNTESTED, "why": "no quantity here stands for it"}]
    measured = effects[(effects["metric"] == rule.metric) & (effects["effect"] == rule.effect)]
    if measured.empty:
        why = f"the suite has no effect {rule.effect} on {rule.metric}"
        return [{**stated, "metric": rule.metric, "effect": rule.effect, "verdict": UNTESTED, "why": why}]
    rows = []
    for effect in measured.to_dict("records"):
        verdict, why = judge(rule.direction, effect)
        rows.append({**stated, **{name: effect[name] for name in _COPIED}, "verdict": verdict, "why": why})
    return rows


def judge(direction: Literal["higher", "lower"], effect: dict[Any, Any]) -> tuple[Verdict, str]:
    """The verdict on one effect's row, and the reason in words. The rule is `ClaimRule`'s."""
    finding = effect["finding"]
    if finding == direction:
        return "supported", "interval and exact test agree on the claimed side"
    if finding in ("higher", "lower"):
        return "contradicted", "interval and exact test agree on the other side"
    if finding == "equivalent":
        return "contradicted", "the effect is shown to lie within the margin around zero"
    if finding == "no-data":
        return "not decided by this suite", "too few finished runs"
    if finding == "leans-equivalent":
        return "not decided by this suite", "the interval lies inside the margin, the exact test doesn't confirm it"
    if finding.startswith("leans-"):
        side = "claimed" if finding == f"leans-{direction}" else "other"
        return "not decided by this suite", f"the interval lies on the {side} side, the exact test doesn't confirm it"
    return "not decided by this suite", "the interval includes zero and reaches beyond the margin"
