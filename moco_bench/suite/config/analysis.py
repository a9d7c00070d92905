"""What a suite declares before it runs about how its results will be judged: metrics, margins and the claims' rules.

All of it goes, with the suite's design, into the fingerprint of the analysis that a report prints
(`suite/identity/analysis.py`), so a rule that is changed after the results are known is seen to be changed.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from moco_bench.components.base import Positive, Settings
from moco_bench.errors import did_you_mean
from moco_bench.suite.config import Label
from moco_bench.suite.metrics import METRICS


def _registered(name: str) -> str:
    if name not in METRICS:
        raise PydanticCustomError("literal_error", "not a metric", {"expected": ", ".join(METRICS)})
    return name


MetricName = Annotated[
    str,
    AfterValidator(_registered),
    WithJsonSchema({"anyOf": [{"enum": list(METRICS)}, {"type": "string", "description": "of a plug-in"}]}),
]
"""The name of a registered metric: `suite/metrics.py`."""


class Quantity(Settings):
    """A further metric of a claim, and the side of zero that the claim is on."""

    metric: MetricName
    direction: Literal["higher", "lower"] = "higher"


class ClaimRule(Settings):
    """One claim, the quantity that stands for it, and the rule that judges it.

    The claim is *supported* on a data set where the effect's interval lies on the claimed side of zero, its exact p is
    at most 1 - confidence after Holm's correction within its family, and after correction over all claims of the suite;
    *contradicted* where all of that holds for the other side. Where the effect is shown to lie within the margin around
    zero (two one-sided tests, by t and by sign flips, Holm-adjusted, from as many seeds as a difference needs), it is
    *no effect above the margin*. Otherwise it is *inconclusive*.

    With further quantities (`also`) a claim is supported where each of them supports it, contradicted where one
    contradicts it and none supports it, and *mixed* where they disagree.

    Claims about representations are *not judged* where the baseline isn't above raw pixels and the untrained encoder by
    more than the margin: such an encoder has learnt nothing that an ingredient could improve. Nor are they where these
    two were not measured: nothing shows then that it has.

    Claims on `peak_memory_mib` are judged on counted bytes of tensors where the suite was profiled: these repeat
    exactly, so they are compared with the margin alone. Where losses that are written otherwise have another answer,
    the verdict is that it *depends on the implementation*. Without a profile the processes' peaks are judged like any
    other quantity.
    """

    name: Label
    claim: Annotated[str, Field(min_length=1, max_length=400)]
    reading: Annotated[str, Field(max_length=400)] = Field("", description="Why this quantity stands for the claim.")
    metric: MetricName | None = Field(
        None, description="Left out, with `effect`: the claim is not tested by this suite."
    )
    effect: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    direction: Literal["higher", "lower"] = Field("higher", description="The side of zero that the claim is on.")
    also: tuple[Quantity, ...] = Field((), description="Further metrics of the same effect, which must agree.")

    @model_validator(mode="after")
    def _quantity_is_whole(self) -> "ClaimRule":
        if (self.metric is None) != (self.effect is None):
            raise ValueError(f"claim '{self.name}': give both `metric` and `effect`, or neither (not tested)")
        if self.also and self.metric is None:
            raise ValueError(f"claim '{self.name}': `also` goes with a `metric` and an `effect`")
        return self

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """All metrics of the claim, the main one first; empty if it isn't tested."""
        if self.metric is None:
            return ()
        return (Quantity(metric=self.metric, direction=self.direction), *self.also)


BOTH_INGREDIENTS = "both-vanilla"
"""The effect of both ingredients together, whatever a suite calls its arms: see `suite.factorial.effect_of_both`."""

ABSTRACT_CLAIMS: tuple[ClaimRule, ...] = (
    ClaimRule(
        name="dual-view-improves",
        claim="A dual-view loss improves the learned representations.",
        reading="Our reading: main effect of the dual-view loss on the kNN accuracy of the backbone features.",
        metric="knn_top1",
        effect="dual_view",
    ),
    ClaimRule(
        name="filtering-improves",
        claim="Selecting the most challenging negatives improves the learned representations.",
        reading="Our reading: main effect of hard-negative filtering on the kNN accuracy of the backbone features.",
        metric="knn_top1",
        effect="filtering",
    ),
    ClaimRule(
        name="filtering-mitigates-noise",
        claim="Selecting negatives by cosine similarity mitigates the impact of noise.",
        reading="Our reading: main effect of filtering on the kNN accuracy under noise, blur, contrast and occlusion.",
        metric="knn_top1_corrupted",
        effect="filtering",
    ),
    ClaimRule(
        name="better-downstream",
        claim="The whole framework does better downstream than momentum contrast.",
        reading="Our reading: a linear probe on frozen features, both ingredients against vanilla.",
        metric="linear_top1",
        effect=BOTH_INGREDIENTS,
    ),
    ClaimRule(
        name="lower-memory",
        claim="The framework needs less memory.",
        reading="Our reading: peak memory of training at the same batch and queue, both ingredients against vanilla. "
        "Where the suite was profiled, counted bytes of tensors against the margin; where a loss that holds its logits "
        "has another answer, the verdict depends on the implementation. Without a profile, the processes' peaks.",
        metric="peak_memory_mib",
        effect=BOTH_INGREDIENTS,
        direction="lower",
    ),
    ClaimRule(
        name="robust-representations",
        claim="The representations are robust.",
        reading="Our reading: kNN accuracy under corrupted test images, both ingredients against vanilla.",
        metric="knn_top1_corrupted",
        effect=BOTH_INGREDIENTS,
    ),
    ClaimRule(
        name="well-structured-representations",
        claim="The representations are well structured.",
        reading="Our reading: a higher effective rank, and neither alignment nor uniformity paid for with the other "
        "(both lower), both ingredients against vanilla. Uniformity alone is what `key-in-batch` trains.",
        metric="effective_rank",
        effect=BOTH_INGREDIENTS,
        also=(Quantity(metric="alignment", direction="lower"), Quantity(metric="uniformity", direction="lower")),
    ),
    ClaimRule(
        name="other-domains",
        claim="The approach carries over to other domains such as language.",
        reading="Every data set here is made of images.",
    ),
)


def _spell_out_claims(given: Any) -> Any:
    if given == "abstract":
        return ABSTRACT_CLAIMS
    if isinstance(given, str):
        _spell_out_claim(given)
    return tuple(map(_spell_out_claim, given)) if isinstance(given, tuple) else given


def _spell_out_claim(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    known = {claim.name: claim for claim in ABSTRACT_CLAIMS}
    if given not in known:
        meant = did_you_mean(given, known, f"; there are {', '.join(known)}")
        raise ValueError(f"{given!r} is not one of the abstract's claims{meant}")
    return known[given]


class AnalysisConfig(Settings):
    """How results are turned into effects and verdicts; declared before the run."""

    primary: MetricName = Field("knn_top1", description="The metric that the report's first screen answers with.")
    metrics: tuple[MetricName, ...] = Field(
        ("knn_top1", "knn_top1_projection", "linear_top1", "knn_top1_corrupted"),
        min_length=1,
        description="Metrics of representation quality for which effects are computed.",
    )
    costs: tuple[MetricName, ...] = Field(
        ("images_per_second", "train_seconds", "peak_memory_mib"),
        description="Metrics of cost for which effects are computed.",
    )
    confidence: float = Field(
        0.95, ge=0.5, le=0.999, description="Of intervals; 1 - confidence is the level of the tests."
    )
    interval: Literal["t", "studentised-bootstrap"] = Field("t", description="The interval that the report shows.")
    margin_points: Positive = Field(
        1.0, description="Percentage points of accuracy up to which a difference counts as none (equivalence)."
    )
    margin_percent: Positive = Field(
        5.0, description="The same for all other metrics, in percent of the control's mean."
    )
    holm: Literal["data-set", "suite"] = Field(
        "data-set",
        description="Extent of a family of tests: one metric's factorial effects (and, apart, its arms against "
        "vanilla; and the suite's contrasts) on one data set and encoder, or on all of the suite.",
    )
    resamples: int = Field(
        10_000, ge=1000, le=10**6, description="Resamples where exact enumeration would be too long."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Of that resampling.")
    claims: Annotated[tuple[ClaimRule, ...], BeforeValidator(_spell_out_claims)] = Field(
        (),
        description="Claims and the rules that judge them. None unless a suite asks: `abstract` stands for all of the "
        "paper's, one of their names for that one.",
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> "AnalysisConfig":
        names = [claim.name for claim in self.claims]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"claims: duplicate name {twice[0]!r}")
        return self
