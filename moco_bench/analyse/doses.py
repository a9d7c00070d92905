"""What the main effects of a 2x2 average, in words: an ingredient's dose may differ between its two arms.

With `key-in-batch` the key term's negatives are the batch's queries, which no rule filters. So in arm `both` the rule
acts on the query term alone, 1 - w of the loss (1 / (1 + w) where the terms are added), in arm `filter` on all of it,
and the main effect of filtering averages the two doses.
"""

from collections.abc import Mapping

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.suite.runs import resolve_arm


def doses_of(plan: AnalysisPlan) -> Mapping[str, str]:
    """What each effect averages, by its name; empty for plans without a 2x2, and for simple comparisons."""
    square = plan.factorial
    if square is None:
        return {}
    base, dual, filtered, both = square.arms
    weight = _unfiltered(plan, both)
    dose = f"the rule acts on the whole loss in {filtered}, {_share(1 - weight)} of it in {both}"
    return {
        "dual_view": f"mean of {dual} - {base} and {both} - {filtered}",
        "filtering": f"mean of {filtered} - {base} and {both} - {dual}" + (f": {dose}" if weight else ""),
        "interaction": f"{both} - {dual} less {filtered} - {base}"
        + (f": not additivity alone, as {dose}" if weight else ""),
    }


def _unfiltered(plan: AnalysisPlan, arm: str) -> float:
    """The fraction of an arm's loss that its rule never touches; 0 where it isn't known."""
    if plan.suite is None or arm not in plan.suite.arms:
        return 0.0
    _, contrast, _ = resolve_arm(plan.suite, plan.suite.encoders[0], arm)
    if contrast.dual_view != "key-in-batch":
        return 0.0
    weight = contrast.key_weight
    return weight / (1 + weight) if contrast.combine == "sum" else weight


def _share(part: float) -> str:
    return f"{part:.2g}"


def describe_doses(plan: AnalysisPlan) -> str:
    """For the methods: what the main effects average, and that `dual` also weakens L_q; empty without a 2x2."""
    square = plan.factorial
    if square is None:
        return f"{plan.no_factorial[:1].upper()}{plan.no_factorial[1:]}." if plan.no_factorial else ""
    weight = _unfiltered(plan, square.both)
    said = (
        f"Simple effects stand first: {square.dual} - {square.baseline} and {square.filter} - {square.baseline} "
        f"without the other ingredient, {square.both} - {square.filter} and {square.both} - {square.dual} with it. "
        "A main effect is the mean of two of them."
    )
    if weight:
        said += (
            f" Filter strength differs: the rule acts on the whole loss in {square.filter}, and on "
            f"{_share(1 - weight)} of it in {square.both}, as the key term's negatives in the batch are not filtered."
        )
    if weight and not _added(plan, square.dual):
        said += (
            f" In {square.dual} the gradient of L_q is {_share(1 - weight)} of {square.baseline}'s at the same "
            "learning rate."
        )
    return said


def _added(plan: AnalysisPlan, arm: str) -> bool:
    """Whether the arm's loss is L_q + w L_k, with the whole L_q."""
    assert plan.suite is not None
    return resolve_arm(plan.suite, plan.suite.encoders[0], arm)[1].combine == "sum"
