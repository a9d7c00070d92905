"""Which comparisons are made: each effect is a weighted sum of arms, computed seed by seed.

Simple effects come first: one ingredient's difference where the other one is absent, then where it is present. The
main effects of the 2x2 (Yates 1937) average two of them each, for one seed's values v:
    dual_view   = ((dual + both) - (vanilla + filter)) / 2
    filtering   = ((filter + both) - (vanilla + dual)) / 2
    interaction = both - dual - filter + vanilla
Which arms are the 2x2 is said by what they change (`suite/factorial.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from moco_bench.suite.checks.comparisons import MAIN_EFFECTS
from moco_bench.suite.factorial import Factorial

ContrastKind = Literal["factorial", "arm", "simple", "suite"]


@dataclass(frozen=True)
class Contrast:
    """A named effect; `weights` say how much of each arm's value enters. `kind` is its family of tests.

    `treatment` and `control` are the two arms of a pair, empty for effects of a 2x2. The name doesn't tell them apart
    where arms have hyphens.
    """

    name: str
    title: str
    weights: Mapping[str, float]
    kind: ContrastKind
    treatment: str = ""
    control: str = ""


def main_effects(of: Factorial) -> tuple[Contrast, ...]:
    """The main effects and the interaction of a 2x2."""
    base, dual, filtered, both = of.arms
    weights = (
        {dual: 0.5, both: 0.5, base: -0.5, filtered: -0.5},
        {filtered: 0.5, both: 0.5, base: -0.5, dual: -0.5},
        {both: 1.0, dual: -1.0, filtered: -1.0, base: 1.0},
    )
    return tuple(
        Contrast(name, title, arms, "factorial")
        for (name, title), arms in zip(MAIN_EFFECTS.items(), weights, strict=True)
    )


def contrasts_among(
    arms: Iterable[str],
    baseline: str = "vanilla",
    listed: Mapping[str, tuple[str, str]] | None = None,
    factorial: Factorial | None = Factorial(),  # noqa: B008 - frozen
) -> tuple[Contrast, ...]:
    """All contrasts among these arms: simple effects, each arm against the baseline, the 2x2's effects, `listed`.

    `listed` are the suite's own, name -> (treatment, control). None of them may be called as another one
    (`suite/checks/comparisons.py` refuses that). `factorial`: which arms are a 2x2; None: none are.
    """
    present = list(dict.fromkeys(arms))
    whole = factorial if factorial is not None and set(factorial.arms) <= set(present) else None
    found: list[Contrast] = []
    if baseline in present:
        first = [whole.dual, whole.filter] if whole else []
        found += [_pair(f"{arm}-{baseline}", arm, baseline, "arm") for arm in first]
        if whole:
            found += [_pair(f"{whole.both}-{arm}", whole.both, arm, "simple") for arm in first]
        others = (arm for arm in present if arm not in (baseline, *first))
        found += [_pair(f"{arm}-{baseline}", arm, baseline, "arm") for arm in others]
    found += main_effects(whole) if whole else ()
    for name, (treatment, control) in (listed or {}).items():
        if {treatment, control} <= set(present):
            found.append(_pair(name, treatment, control, "suite"))
    return tuple(found)


def _pair(name: str, treatment: str, control: str, kind: ContrastKind) -> Contrast:
    title = f"{treatment} against {control}"
    return Contrast(name, title, {treatment: 1.0, control: -1.0}, kind, treatment, control)
