"""Comparisons that a suite makes automatically, and checks that its own names and comparisons don't clash with them."""

from collections.abc import Collection

from moco_bench.components.registry import built_in
from moco_bench.errors import InputError, did_you_mean
from moco_bench.suite.config.analysis import ABSTRACT_CLAIMS, BOTH_INGREDIENTS, ClaimRule
from moco_bench.suite.factorial import effect_of_both, factorial_of
from moco_bench.suite.identity.run import identity
from moco_bench.suite.runs import resolve_arm
from moco_bench.suite.suite import Suite

MAIN_EFFECTS = {
    "dual_view": "Dual-view loss",
    "filtering": "Hard-negative filter",
    "interaction": "Interaction",
}
"""Names of the 2x2's effects, with their titles; reserved in every suite, with or without a 2x2."""


def automatic_pairs(suite: Suite) -> dict[str, tuple[str, str]]:
    """Comparisons of two arms that are made automatically: name -> (treatment, control).

    Raises:
        InputError: two of them would have the same name.
    """
    if suite.baseline not in suite.arms:
        return {}
    alone = arms_without_pairs(suite)
    others = [arm for arm in suite.arms if arm != suite.baseline and not {arm, suite.baseline} & alone]
    pairs = [(arm, suite.baseline) for arm in others]
    square, _ = factorial_of(suite)
    if square is not None:
        pairs += [(square.both, arm) for arm in (square.dual, square.filter)]
    named: dict[str, tuple[str, str]] = {}
    for pair in pairs:
        other = named.setdefault("-".join(pair), pair)
        if other != pair:  # hyphens: `a-b` against `c`, and `a` against `b-c`
            told = f"{' against '.join(other)} and {' against '.join(pair)} would both be called {'-'.join(pair)!r}"
            raise InputError(f"arms: {told}; rename one of these arms")
    return named


def arms_without_pairs(suite: Suite) -> frozenset[str]:
    """Arms with a single encoder that was trained elsewhere: it can't be paired with other arms by seed."""
    first = suite.encoders[0]
    given = {arm: resolve_arm(suite, first, arm)[0].checkpoint for arm in suite.arms}
    return frozenset(arm for arm, file in given.items() if file is not None and not file.by_seed)


RANDOM_NUMBERS = ("initial weights", "batch order", "augmentations")
"""The random numbers that all arms of a seed share, in the order of their hashes."""


def random_numbers_shared(suite: Suite) -> dict[str, int]:
    """How many of `RANDOM_NUMBERS` an arm shares with the baseline; only arms that don't share all of them.

    Another network has other initial weights, another number of epochs another order of images, other views or another
    size of batches other augmentations. Arms that aren't trained here are known by their hashes alone.
    """
    if suite.baseline not in suite.arms:
        return {}
    drawn = {}
    for arm in suite.arms:
        encoder, _, train = resolve_arm(suite, suite.encoders[0], arm)
        if encoder.checkpoint is None:
            network = identity(encoder.backbone), identity(encoder.projection), encoder.dimension
            drawn[arm] = network, train.trained_epochs, (identity(train.augment), train.batch_size)
    if suite.baseline not in drawn:
        return {}
    own = drawn[suite.baseline]
    shared = {arm: next((n for n, what in enumerate(of) if what != own[n]), len(own)) for arm, of in drawn.items()}
    return {arm: count for arm, count in shared.items() if count < len(own)}


def check_comparisons(suite: Suite) -> None:
    """Refuse a contrast whose name or arms are those of another comparison.

    Raises:
        InputError: one line, with a suggestion.
    """
    automatic = automatic_pairs(suite)
    alone = arms_without_pairs(suite)
    taken = {arms: f"is compared anyway, as {name!r}" for name, arms in automatic.items()}
    for name, (treatment, control) in suite.contrasts.items():
        for arm in {treatment, control} & alone:
            raise InputError(
                f"contrasts.{name}: arm {arm} is one encoder that was trained elsewhere, so it has no seeds that pair; "
                "leave it out, its accuracy stands beside the others"
            )
        where, instead = f"contrasts.{name}", f"choose another, such as '{treatment}-against-{control}'"
        for arms, turned in (((treatment, control), ""), ((control, treatment), " with the sign turned")):
            if arms in taken:
                raise InputError(f"{where}: {treatment} against {control} {taken[arms]}{turned}; leave it out")
        if name in MAIN_EFFECTS:
            raise InputError(f"{where}: {name!r} is the name of an effect of the 2x2; {instead}")
        if automatic.get(name, (treatment, control)) != (treatment, control):
            pair = " against ".join(automatic[name])
            raise InputError(f"{where}: {name!r} is the name of {pair}, which is compared anyway; {instead}")
        taken[treatment, control] = f"is contrast {name!r} already"


def check_labels(suite: Suite) -> None:
    """Refuse labels that are the name of another data set or encoder. Raises `InputError`.

    Results are filed and compared with published ones by label; some disks file upper and lower case together.
    """
    for kind, where, sections in (("dataset", "datasets", suite.datasets), ("backbone", "encoders", suite.encoders)):
        for section in sections:
            label = section.label or section.name
            folded = label.casefold()
            if folded in built_in(kind) and folded != section.name.casefold():
                case = "" if label in built_in(kind) else " (upper and lower case count as one)"
                raise InputError(
                    f"{where}.{label}.label: {label!r} is the name of a built-in{case}, and this is "
                    f"{section.name}; choose another label, such as '{section.name}-own'"
                )


def check_claims(suite: Suite) -> None:
    """Refuse a suite's own claims on effects that it doesn't have, or with the name of one of the paper's.

    Raises:
        InputError: one line, with a suggestion.
    """
    square, why = factorial_of(suite)
    known = {*automatic_pairs(suite), *suite.contrasts, *(MAIN_EFFECTS if square is not None else ())}
    for claim in suite.analysis.claims:
        if claim in ABSTRACT_CLAIMS:  # those of an effect that this suite doesn't have are listed as not tested
            continue
        _check_claim_name(suite, claim, known)
        if claim.effect is not None and claim.effect not in known:
            meant = did_you_mean(claim.effect, known, f"; there are {', '.join(sorted(known)) or 'none'}")
            reason = f" ({why})" if claim.effect in MAIN_EFFECTS and why else ""
            raise InputError(
                f"analysis.claims.{claim.name}.effect: the suite has no effect {claim.effect!r}{reason}{meant}"
            )


def _check_claim_name(suite: Suite, claim: ClaimRule, effects: Collection[str]) -> None:
    """Refuse another claim under a name of the paper's.

    A suite without the paper's effect may judge its claim by the same metrics of an effect that it has, and say so.
    """
    built_in_claims = {each.name: each for each in ABSTRACT_CLAIMS}
    own = built_in_claims.get(claim.name.casefold())
    if own is None:
        return
    effect = effect_of_both(suite, factorial_of(suite)[0]) if own.effect == BOTH_INGREDIENTS else own.effect
    elsewhere = effect in effects and claim.effect not in (effect, own.effect)
    if elsewhere or (claim.name, claim.claim, claim.quantities) != (own.name, own.claim, own.quantities):
        raise InputError(
            f"analysis.claims.{claim.name}: {claim.name!r} is the name of a built-in claim, and this is another; "
            f"list just {own.name!r}, or choose another name, such as '{own.name}-own'"
        )
