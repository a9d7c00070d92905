"""What a suite declares before it runs about how its results will be judged: metrics, margins and the claims' rules.

All of it goes, with the suite's design, into the fingerprint of the analysis that a report prints (`registered.py`), so
a rule that is changed after the results are known is seen to be changed.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from moco_bench.suite.config import Label, Positive, Section

Metric = Literal[
    "knn_top1",
    "knn_top1_projection",
    "linear_top1",
    "knn_top1_corrupted",
    "alignment",
    "uniformity",
    "effective_rank",
    "images_per_second",
    "step_ms_median",
    "train_seconds",
    "peak_memory_mib",
]


class ClaimRule(Section):
    """One claim of the paper's abstract, the quantity that stands for it, and the rule that judges it.

    The claim is *supported* on a data set where the effect's interval lies on the claimed side of zero and its
    Holm-adjusted exact p is at most 1 - confidence; *contradicted* where both hold for the other side, or where the
    effect is shown to lie within the margin around zero (two one-sided tests, by t and by sign flips, Holm-adjusted,
    from as many seeds as a difference needs); otherwise it is *not decided by this suite*. So a design that is too
    small to support a claim is too small to contradict it.

    Claims on `peak_memory_mib` are judged on counted bytes of tensors where the suite was profiled: these repeat
    exactly, so the claim is supported where they lie beyond the margin on the claimed side and contradicted otherwise.
    Without a profile the processes' peaks are judged like any other quantity.
    """

    name: Label
    claim: Annotated[str, Field(min_length=1, max_length=400)]
    reading: Annotated[str, Field(max_length=400)] = Field("", description="Why this quantity stands for the claim.")
    metric: Metric | None = Field(None, description="Left out, with `effect`: the claim is not tested by this suite.")
    effect: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    direction: Literal["higher", "lower"] = Field("higher", description="The side of zero that the claim is on.")

    @model_validator(mode="after")
    def _quantity_is_whole(self) -> "ClaimRule":
        if (self.metric is None) != (self.effect is None):
            raise ValueError(f"claim '{self.name}': give both `metric` and `effect`, or neither (not tested)")
        return self


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
        effect="both-vanilla",
    ),
    ClaimRule(
        name="lower-memory",
        claim="The framework needs less memory.",
        reading="Our reading: peak memory of training at the same batch and queue, both ingredients against vanilla. "
        "Where the suite was profiled, counted bytes of tensors: lower beyond the margin supports the claim, anything "
        "else contradicts it. Without a profile, the processes' peaks.",
        metric="peak_memory_mib",
        effect="both-vanilla",
        direction="lower",
    ),
    ClaimRule(
        name="robust-representations",
        claim="The representations are robust.",
        reading="Our reading: kNN accuracy under corrupted test images, both ingredients against vanilla.",
        metric="knn_top1_corrupted",
        effect="both-vanilla",
    ),
    ClaimRule(
        name="well-structured-representations",
        claim="The representations are well structured.",
        reading="Our reading: uniformity on the sphere (lower is more even), both ingredients against vanilla.",
        metric="uniformity",
        effect="both-vanilla",
        direction="lower",
    ),
    ClaimRule(
        name="other-domains",
        claim="The approach carries over to other domains such as language.",
        reading="Every data set here is made of images.",
    ),
)


def _spell_out_claims(given: Any) -> Any:
    return ABSTRACT_CLAIMS if given == "abstract" else given


class AnalysisConfig(Section):
    """How results are turned into effects and verdicts; declared before the run."""

    primary: Metric = Field("knn_top1", description="The metric that the report's first screen answers with.")
    metrics: tuple[Metric, ...] = Field(
        ("knn_top1", "knn_top1_projection", "linear_top1", "knn_top1_corrupted"),
        min_length=1,
        description="Metrics of representation quality for which effects are computed.",
    )
    costs: tuple[Metric, ...] = Field(
        ("images_per_second", "train_seconds", "peak_memory_mib"),
        description="Metrics of cost for which effects are computed.",
    )
    confidence: Annotated[float, Field(ge=0.5, le=0.999)] = Field(
        0.95, description="Of intervals; 1 - confidence is the level of the tests."
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
    resamples: Annotated[int, Field(ge=1000, le=10**6)] = Field(
        10_000, description="Resamples where exact enumeration would be too long."
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(0, description="Of that resampling.")
    claims: Annotated[tuple[ClaimRule, ...], BeforeValidator(_spell_out_claims)] = Field(
        ABSTRACT_CLAIMS, description="Claims and the rules that judge them; `abstract` stands for the paper's."
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> "AnalysisConfig":
        names = [claim.name for claim in self.claims]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"claims named twice: {', '.join(twice)}")
        return self
