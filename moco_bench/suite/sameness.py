"""What an arm's settings train, in one spelling: two arms that train the same encoder can't be compared."""

from typing import Any

from moco_bench.files import canonical_json
from moco_bench.suite.config import (
    ContrastConfig,
    EncoderConfig,
    NegativesConfig,
    RuleAll,
    RuleBand,
    RuleDropHardest,
    RuleEasiest,
    RuleRandom,
    RuleThreshold,
    TrainConfig,
    _Ranked,
)
from moco_bench.suite.fingerprint import identity


def what_trains(encoder: EncoderConfig, contrast: ContrastConfig, train: TrainConfig) -> str:
    """All that the weights depend on, but data and seed: equal for settings that train the same encoder."""
    sections = {"encoder": identity(encoder), "contrast": effective(contrast), "train": identity(train)}
    jitter = sections["train"]["augment"]
    strengths = ("brightness", "contrast", "saturation", "hue")
    if jitter["jitter_probability"] == 0 or not any(jitter[name] for name in strengths):
        sections["train"]["augment"] = {
            name: value for name, value in jitter.items() if name not in ("jitter_probability", *strengths)
        }
    return canonical_json(sections)


def effective(contrast: ContrastConfig) -> dict[str, Any]:
    """What the loss does, in one spelling: equal for settings that train the same encoder.

    Fingerprints tell more apart (`identity`): there another spelling is another request, and costs no more than a run.
    """
    values = identity(contrast)
    selected = _selected(contrast.negatives, contrast.queue_size, masked=contrast.mask_same_sample)
    values["negatives"] = selected
    if selected == ("all",):
        values.pop("filter_warmup_steps", None)
    if values.get("key_weight") == 0:  # the key term is multiplied by it, in every reading that has one
        values["dual_view"] = "none"
        del values["key_weight"]
    return values


def _selected(rule: NegativesConfig, queue_size: int, *, masked: bool) -> tuple[Any, ...]:
    """The ranks that a rule keeps: `moco_bench.contrast.negatives` in figures, as this layer is below it."""
    if isinstance(rule, RuleAll):
        return ("all",)
    if isinstance(rule, RuleThreshold):
        if rule.similarity == -1 or rule.minimum >= queue_size:  # nothing is less similar
            return ("all",)
        if rule.similarity < 1:
            return ("above", rule.similarity, rule.minimum)
        return ("hardest", 0, rule.minimum)
    if isinstance(rule, RuleBand):
        first = min(round(rule.inner * queue_size), queue_size - 1)
        return _ranks("hardest", first, max(first + 1, round(rule.outer * queue_size)), queue_size)
    count = count_of(rule, queue_size)
    if isinstance(rule, RuleDropHardest):
        return _ranks("hardest", count, queue_size, queue_size)
    if isinstance(rule, RuleEasiest):
        if not masked:  # with a mask, an image's own keys rank last from either end
            return _ranks("hardest", queue_size - count, queue_size, queue_size)
        return _ranks("easiest", 0, count, queue_size)
    return _ranks("random" if isinstance(rule, RuleRandom) else "hardest", 0, count, queue_size)


def _ranks(order: str, first: int, last: int, queue_size: int) -> tuple[Any, ...]:
    return ("all",) if first <= 0 and last >= queue_size else (order, first, min(last, queue_size))


def count_of(rule: _Ranked, queue_size: int) -> int:
    """How many keys of a queue a rank rule is about."""
    return rule.count if rule.count is not None else max(1, round((rule.fraction or 0) * queue_size))
