"""What is compared with what: each effect is a weighted sum of arms, taken seed by seed.

The factorial effects of the 2x2, for one seed's values v (methods: Yates 1937):
    dual_view   = ((dual + both) - (vanilla + filter)) / 2
    filtering   = ((filter + both) - (vanilla + dual)) / 2
    interaction = both - dual - filter + vanilla
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["factorial", "arm", "suite"]


@dataclass(frozen=True)
class Contrast:
    """A named effect; `weights` say how much of each arm's value enters. `kind` is its family of tests."""

    name: str
    title: str
    weights: Mapping[str, float]
    kind: Kind


FACTORIAL: tuple[Contrast, ...] = (
    Contrast("dual_view", "Dual-view loss", {"dual": 0.5, "both": 0.5, "vanilla": -0.5, "filter": -0.5}, "factorial"),
    Contrast(
        "filtering", "Hard-negative filter", {"filter": 0.5, "both": 0.5, "vanilla": -0.5, "dual": -0.5}, "factorial"
    ),
    Contrast("interaction", "Interaction", {"both": 1.0, "dual": -1.0, "filter": -1.0, "vanilla": 1.0}, "factorial"),
)


def contrasts_among(
    arms: Iterable[str], baseline: str = "vanilla", listed: Mapping[str, tuple[str, str]] | None = None
) -> tuple[Contrast, ...]:
    """All contrasts that these arms allow: the 2x2's effects, every arm against the baseline, and those `listed`."""
    present = list(dict.fromkeys(arms))
    found = [contrast for contrast in FACTORIAL if set(contrast.weights) <= set(present)]
    if baseline in present:
        found += [_pair(f"{arm}-{baseline}", arm, baseline, "arm") for arm in present if arm != baseline]
    taken = {contrast.name for contrast in found}
    for name, (treatment, control) in (listed or {}).items():
        if {treatment, control} <= set(present) and name not in taken:
            found.append(_pair(name, treatment, control, "suite"))
    return tuple(found)


def _pair(name: str, treatment: str, control: str, kind: Kind) -> Contrast:
    return Contrast(name, f"{treatment} against {control}", {treatment: 1.0, control: -1.0}, kind)
