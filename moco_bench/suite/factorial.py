"""Whether a suite's arms are a 2x2 of dual-view loss and filter, judged by their settings, not by their names.

Three arms beside the baseline make one where the first changes the reading of the dual-view loss and nothing else, the
second the selection of negatives and nothing else, and the third both of these changes, key by key. Only then is half
of the sum of two differences the main effect of an ingredient.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moco_bench.suite.identity.sameness import what_trains
from moco_bench.suite.runs import resolve_arm
from moco_bench.suite.suite import Suite

LOSS = "contrast.loss"
NEGATIVES = "contrast.negatives"
_DUAL_KEYS = frozenset((LOSS, "contrast.enqueue"))
_FILTER_KEYS = frozenset((NEGATIVES, "contrast.filter_warmup_steps"))
Changes = dict[str, Any]


@dataclass(frozen=True)
class Factorial:
    """The arms of a 2x2 by role."""

    baseline: str = "vanilla"
    dual: str = "dual"
    filter: str = "filter"
    both: str = "both"

    @property
    def arms(self) -> tuple[str, str, str, str]:
        """All four arms."""
        return self.baseline, self.dual, self.filter, self.both

    @property
    def simple_effects(self) -> tuple[str, str, str, str]:
        """Names of the effects of each ingredient without and with the other, which a main effect averages."""
        return (
            f"{self.dual}-{self.baseline}",
            f"{self.filter}-{self.baseline}",
            f"{self.both}-{self.dual}",
            f"{self.both}-{self.filter}",
        )


@lru_cache(maxsize=8)
def factorial_of(suite: Suite) -> tuple[Factorial | None, str]:
    """The suite's 2x2, or None and the reason in one line; the reason is empty if nothing resembles a 2x2."""
    if suite.baseline not in suite.arms:
        return None, ""
    changes = {arm: _changes(suite, arm) for arm in suite.arms if arm != suite.baseline}
    duals = [
        arm
        for arm, keys in changes.items()
        if _are_of(keys, _DUAL_KEYS, LOSS) and resolve_arm(suite, suite.encoders[0], arm)[1].loss.reading
    ]
    filters = [
        arm
        for arm, keys in changes.items()
        if _are_of(keys, _FILTER_KEYS, NEGATIVES) and resolve_arm(suite, suite.encoders[0], arm)[1].negatives.filters
    ]
    boths = [arm for arm, keys in changes.items() if keys.keys() >= {LOSS, NEGATIVES}]
    found = [
        Factorial(suite.baseline, dual, filtered, both)
        for dual in duals
        for filtered in filters
        for both in boths
        if changes[both] == {**changes[dual], **changes[filtered]}
    ]
    if len(found) == 1:
        return found[0], ""
    named = [one for one in found if one == Factorial(suite.baseline)]
    if named:
        return named[0], ""
    if found:
        return None, f"no main effects: the arms hold {len(found)} 2x2 designs, and nothing says which one is meant"
    return None, _why_not(changes)


def effect_of_both(suite: Suite, square: Factorial | None) -> str | None:
    """How `both-vanilla` is called in this suite: the arm with both ingredients and nothing else; None without one."""
    both, baseline = Factorial().both if square is None else square.both, suite.baseline
    if square is None:
        if both not in suite.arms or both == baseline:
            return None
        changed = set(_changes(suite, both))
        if not {LOSS, NEGATIVES} <= changed <= _DUAL_KEYS | _FILTER_KEYS:
            return None
    return f"{both}-{baseline}"


def _why_not(changes: Mapping[str, Changes]) -> str:
    names = Factorial()
    if not {names.dual, names.filter, names.both} <= set(changes):
        return ""
    expected = {**changes[names.dual], **changes[names.filter]}
    both = changes[names.both]
    keys = [key for key in (*expected, *both) if expected.get(key) != both.get(key)]
    why = "'dual' must change the dual-view loss alone and 'filter' the negatives alone"
    if keys:
        why = f"arm 'both' isn't 'dual' and 'filter' together, {keys[0]} differs"
    return f"no main effects: {why}; what is shown are single comparisons of arms"


def _are_of(changes: Changes, allowed: frozenset[str], needed: str) -> bool:
    return needed in changes and set(changes) <= allowed


def _changes(suite: Suite, arm: str) -> Changes:
    """What an arm trains differently from the baseline: by key, for each encoder of the suite."""
    found: Changes = {}
    for place, encoder in enumerate(suite.encoders):
        own, base = (_trained(suite, place, name) for name in (arm, suite.baseline))
        for key in {**base, **own}:
            if own.get(key) != base.get(key):
                found.setdefault(key, {})[encoder.title] = own.get(key)
    return found


@lru_cache(maxsize=64)  # the baseline is asked for with every arm
def _trained(suite: Suite, place: int, arm: str) -> Changes:
    """All that an arm trains with on the encoder at `place`, as a flat mapping."""
    values = json.loads(what_trains(*resolve_arm(suite, suite.encoders[place], arm)))
    return by_key(values, whole="negatives")


def by_key(values: Mapping[str, Any], prefix: str = "", *, whole: str = "") -> dict[str, Any]:
    """Nested sections as a flat mapping, with keys such as `contrast.temperature`; the section `whole` stays nested."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and key != whole:
            flat |= by_key(value, f"{prefix}{key}.", whole=whole)
        else:
            flat[f"{prefix}{key}"] = value
    return flat
