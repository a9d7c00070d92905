"""What the main effects of a 2x2 average, in words: an ingredient's dose may differ between its two arms.

With `key-in-batch` the key term's negatives are the batch's queries, which no rule filters. So in arm `both` the rule
acts on the query term alone, 1 - w of the loss (1 / (1 + w) where the terms are added), in arm `filter` on all of it,
and the main effect of filtering averages the two doses. Where `tune` searches w, the dose is that of the chosen values.
"""

from collections.abc import Mapping

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.suite.runs import resolve_arm
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import choices_in

WEIGHT = "contrast.key_weight"
Cell = tuple[str, str]
"""Titles of a data set and an encoder."""


def doses_of(plan: AnalysisPlan, cell: Cell | None = None) -> Mapping[str, str]:
    """What each effect averages, by its name, in one `cell` or in all.

    Empty for plans without a 2x2, and for simple comparisons.
    """
    square = plan.factorial
    if square is None:
        return {}
    base, dual, filtered, both = square.arms
    shares = _filtered_shares(plan, both, cell)
    unequal = shares != (1.0,)
    dose = f"the rule acts on the whole loss in {filtered}, {_part(shares)} of it in {both}{_pending(shares)}"
    return {
        "dual_view": f"mean of {dual} - {base} and {both} - {filtered}",
        "filtering": f"mean of {filtered} - {base} and {both} - {dual}" + (f": {dose}" if unequal else ""),
        "interaction": f"{both} - {dual} less {filtered} - {base}"
        + (f": not additivity alone, as {dose}" if unequal else ""),
    }


def describe_doses(plan: AnalysisPlan) -> str:
    """For the methods: what the main effects average, and that `dual` also weakens L_q; empty without a 2x2."""
    square = plan.factorial
    if square is None:
        return f"{plan.no_factorial[:1].upper()}{plan.no_factorial[1:]}." if plan.no_factorial else ""
    in_both, in_dual = (_filtered_shares(plan, arm) for arm in (square.both, square.dual))
    said = (
        f"Simple effects stand first: {square.dual} - {square.baseline} and {square.filter} - {square.baseline} "
        f"without the other ingredient, {square.both} - {square.filter} and {square.both} - {square.dual} with it. "
        "A main effect is the mean of two of them."
    )
    if in_both != (1.0,):
        said += (
            f" Filter strength differs: the rule acts on the whole loss in {square.filter}, and on "
            f"{_part(in_both)} of it in {square.both}{_pending(in_both)}, as the key term's negatives in the batch are "
            "not filtered."
        )
    if in_dual != (1.0,) and not _added(plan, square.dual):
        said += (
            f" In {square.dual} the gradient of L_q is {_part(in_dual)} of {square.baseline}'s at the same "
            f"learning rate{_pending(in_dual)}."
        )
    return said


def _filtered_shares(plan: AnalysisPlan, arm: str, cell: Cell | None = None) -> tuple[float, ...]:
    """The fractions of an arm's loss that its rule acts on, one per value of w in `cell` or in all.

    1 where nothing is known, or where all negatives are filtered; empty where w is still to be searched.
    """
    if plan.suite is None or arm not in plan.suite.arms:
        return (1.0,)
    _, contrast, _ = resolve_arm(plan.suite, plan.suite.encoders[0], arm)
    if contrast.dual_view != "key-in-batch":
        return (1.0,)
    searched = WEIGHT in plan.suite.tune and "key_weight" not in plan.suite.arms[arm].contrast
    weights = _chosen(plan, plan.suite, arm, cell) if searched else {contrast.key_weight}
    return tuple(sorted(1 / (1 + w) if contrast.combine == "sum" else 1 - w for w in weights))


def _chosen(plan: AnalysisPlan, suite: Suite, arm: str, cell: Cell | None) -> set[float]:
    """The values of w that an arm's searches chose; empty where one isn't done."""
    directory = plan.evidence.directory
    choices = choices_in(directory, suite) if directory else {}
    places = [cell] if cell else [(data.title, encoder.title) for data in suite.datasets for encoder in suite.encoders]
    values = [choices.get((*place, arm), {}).get(WEIGHT) for place in places]
    known = [value for value in values if isinstance(value, (int, float))]
    return set(known) if len(known) == len(values) else set()


def _part(shares: tuple[float, ...]) -> str:
    """`0.75`, `0.5 to 0.75`, or words where the search is still to be done."""
    if not shares:
        return "a part"
    return " to ".join(dict.fromkeys(f"{share:.2g}" for share in (shares[0], shares[-1])))


def _pending(shares: tuple[float, ...]) -> str:
    return "" if shares else " (it depends on the search of `contrast.key_weight`)"


def _added(plan: AnalysisPlan, arm: str) -> bool:
    """Whether the arm's loss is L_q + w L_k, with the whole L_q."""
    assert plan.suite is not None
    return resolve_arm(plan.suite, plan.suite.encoders[0], arm)[1].combine == "sum"
