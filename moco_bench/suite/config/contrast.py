"""The section `contrast`: queue, momentum encoder, loss and negatives."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticKnownError

from moco_bench.components.base import Count, Positive, Settings
from moco_bench.components.field import OneOf
from moco_bench.components.negatives import All, Negatives
from moco_bench.components.objectives import Objective
from moco_bench.components.readings import reading_of, readings


def _known_reading(given: str) -> str:
    if given not in readings():
        raise PydanticKnownError("literal_error", {"expected": " or ".join(f"'{name}'" for name in readings())})
    return given


class ContrastConfig(Settings):
    """The subject of the study: queue, momentum encoder, loss and negatives."""

    queue_size: Count = Field(4096, description="Number of keys K in the queue, a multiple of what enters in a step.")
    temperature: Positive = Field(0.1, description="Temperature tau of the softmax.")
    momentum: float = Field(0.99, ge=0, lt=1, description="m of the momentum encoder.")
    dual_view: Annotated[
        str, AfterValidator(_known_reading), WithJsonSchema({"enum": list(readings()), "type": "string"})
    ] = Field("none", description="Our reading of the dual-view loss, or a control; the names are below.")
    key_weight: float = Field(
        0.5, ge=0, lt=1, description="w of (1-w) L_q + w L_k; without meaning for `none` and `symmetric`."
    )
    combine: Literal["mean", "sum"] = Field(
        "mean",
        description="`sum`: L_q + w L_k in place of (1-w) L_q + w L_k; of `symmetric`, the sum of both terms.",
    )
    loss_scale: Positive = Field(1.0, description="Multiplies the loss: a control for losses of another size.")
    objective: Annotated[Objective, OneOf("objective")] | None = Field(
        None, description="A loss in place of `dual_view`: its name, or its `name` and settings."
    )
    negatives: Annotated[Negatives, OneOf("negatives")] = Field(
        default_factory=All,
        description="Which keys are negatives, with what weight: a `rule`, or its name and settings.",
    )
    filter_warmup_steps: int = Field(
        0,
        ge=0,
        le=10**9,
        description="Unfiltered steps at the start, until the queue holds meaningful keys.",
    )
    mask_same_sample: bool = Field(True, description="Never use an image's own earlier key as its negative.")
    enqueue: Literal["one-view", "both-views"] = Field(
        "one-view", description="Keys that enter the queue in a step of `symmetric`: B, or 2B as in MoCo's demo."
    )

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, given: Any) -> Any:
        """Turn a reading given as `objective` into `dual_view`: the same run has one fingerprint."""
        if not isinstance(given, dict) or given.get("objective") is None:
            return given
        if given.get("dual_view", "none") != "none":
            raise ValueError("give `objective` or `dual_view`, not both")
        objective = given["objective"]
        spelled = {"name": objective} if isinstance(objective, str) else objective
        if (
            isinstance(spelled, dict)
            and spelled.get("name") in readings()
            and set(spelled) <= {"name", "key_weight", "combine"}
        ):
            rest = {key: value for key, value in given.items() if key != "objective"}
            settings = {key: value for key, value in spelled.items() if key != "name"}
            return {**rest, "dual_view": spelled["name"], **settings}
        return given

    @model_validator(mode="after")
    def _a_loss_of_its_own(self) -> Self:
        if isinstance(self.objective, Objective) and self.objective.reading:
            raise ValueError(f"`{self.objective.title()}` is a reading of the dual view: give it as `dual_view`")
        return self

    @property
    def loss(self) -> Objective:
        """The loss, however it was specified."""
        return reading_of(self.dual_view, self.key_weight, self.combine) if self.objective is None else self.objective

    @property
    def keys_per_image(self) -> int:
        """Keys that enter the queue per step, divided by the batch's images."""
        return 2 if self.loss.swaps_views and self.enqueue == "both-views" else 1

    def idle_keys(self) -> tuple[str, ...]:
        """See `Settings.idle_keys`."""
        idle: tuple[str, ...] = ()
        loss = self.loss
        if self.objective is not None:
            idle += ("dual_view", "key_weight", "combine")
        else:
            idle += tuple(key for key in ("key_weight", "combine") if key not in type(loss).model_fields)
        if not loss.swaps_views:
            idle += ("enqueue",)
        if isinstance(self.negatives, All):
            idle += ("filter_warmup_steps",)
        return idle
