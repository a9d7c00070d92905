"""The typed, frozen configuration of one run, section by section.

Every key of a suite file is a field here; its description is what `config/README.md` and the JSON schema show. Fields
marked `identity=False` change where or how comfortably a run happens, never its numbers: they stay out of fingerprints.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticKnownError

from moco_bench.components.backbones import Backbone
from moco_bench.components.base import NOT_IDENTITY, Component, Probability
from moco_bench.components.base import Count as Count
from moco_bench.components.base import Fraction as Fraction
from moco_bench.components.base import Positive as Positive
from moco_bench.components.base import Section as Section
from moco_bench.components.datasets import Dataset
from moco_bench.components.field import OneOf
from moco_bench.components.heads import Head, Linear
from moco_bench.components.metrics import Metric
from moco_bench.components.negatives import All, Negatives
from moco_bench.components.objectives import Objective
from moco_bench.components.plugins import Plugins
from moco_bench.components.readings import reading_of, readings
from moco_bench.components.registry import built_in
from moco_bench.errors import InputError
from moco_bench.suite import metrics as registered
from moco_bench.suite.encoder_spelling import schema_side_by_side, sorted_into_parts

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Budget = Literal["epochs", "seconds", "flops"]


class NormaliseConfig(Section):
    """What is taken off each channel and what it is divided by, for images in [0, 1]."""

    mean: Annotated[tuple[Probability, ...], Field(min_length=1, max_length=4)]
    std: Annotated[tuple[Fraction, ...], Field(min_length=1, max_length=4)]

    @model_validator(mode="after")
    def _same_channels(self) -> Self:
        if len(self.mean) != len(self.std):
            raise ValueError(f"`mean` has {len(self.mean)} channels, `std` {len(self.std)}; give one value per channel")
        return self


def _known_dataset(given: str, info: ValidationInfo) -> str:
    plugins = info.context if isinstance(info.context, Plugins) else Plugins()
    if given not in built_in("dataset") and plugins.find("dataset", given) is None:
        expected = " or ".join(f"'{name}'" for name in plugins.known("dataset"))
        raise PydanticKnownError("literal_error", {"expected": expected})
    return given


class DatasetConfig(Section):
    """Which images, and which part of them.

    In a suite the settings of a plug-in's data set stand beside those that all have.
    """

    INLINE: ClassVar[tuple[str, ...]] = ("plugin",)

    name: Annotated[
        str, AfterValidator(_known_dataset), WithJsonSchema({"enum": list(built_in("dataset")), "type": "string"})
    ]
    plugin: SerializeAsAny[Dataset] | None = Field(None, description="A plug-in's data set with its own settings.")
    label: Label | None = Field(
        None, description="Name in results and tables; by default `name`.", json_schema_extra=NOT_IDENTITY
    )
    root: str | None = Field(
        None, description="Folder of a torchvision data set; default `data`.", json_schema_extra=NOT_IDENTITY
    )
    path: str | None = Field(
        None, description="The file of `npz`, the folder of `image-folder`.", json_schema_extra=NOT_IDENTITY
    )
    download: bool = Field(
        False, description="Let torchvision download what is missing.", json_schema_extra=NOT_IDENTITY
    )
    image_size: Annotated[int, Field(ge=8, le=512)] | None = Field(
        None, description="Side in pixels to which images are resized; needed by `image-folder`."
    )
    train_limit: Count | None = Field(None, description="Use this many training images, balanced over the classes.")
    test_limit: Count | None = Field(None, description="Use this many test images, balanced over the classes.")
    validation: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0,
        description="Part of the training split that is held out and evaluated on in place of the test split, "
        "for choosing hyperparameters.",
    )
    normalise: NormaliseConfig | None = Field(
        None,
        description="`{mean: [...], std: [...]}` per channel, of values in [0, 1]; by default those of the training "
        "images.",
    )

    @model_validator(mode="before")
    @classmethod
    def _with_plugin(cls, given: Any, info: ValidationInfo) -> Any:
        """The settings of a plug-in's data set put where they belong."""
        plugins = info.context if isinstance(info.context, Plugins) else Plugins()
        if not isinstance(given, dict) or isinstance(given.get("plugin"), Dataset):
            return given
        if "plugin" in given:
            raise ValueError("`plugin` is no key; the settings of a plug-in's data set stand beside its name")
        name = given.get("name")
        if not isinstance(name, str) or name in built_in("dataset"):
            return given
        idea = plugins.find("dataset", name)
        if idea is None:
            return {key: value for key, value in given.items() if key in cls.model_fields}  # the name is refused
        shared = cls.model_fields.keys() - idea.model_fields.keys() | {"name"}
        own = {key: value for key, value in given.items() if key not in shared} | {"name": name}
        values = {key: value for key, value in given.items() if key in shared}
        return {**values, "plugin": idea.model_validate(own, context=info.context)}

    @model_serializer(mode="wrap")
    def _side_by_side(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values = handler(self)
        own = values.pop("plugin", None) or {}
        return {**values, **own}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of the spelling in which all settings stand side by side."""
        made = handler.resolve_ref_schema(handler(schema))
        return {**made, "properties": {key: value for key, value in made["properties"].items() if key != "plugin"}}

    @property
    def title(self) -> str:
        """The name under which results are filed."""
        return self.label or self.name

    @property
    def idea(self) -> type[Component]:
        """The data set's class: what is known of it before it is read."""
        return built_in("dataset")[self.name] if self.plugin is None else type(self.plugin)


class EncoderConfig(Section):
    """The network: a backbone and a projection head.

    In a suite the settings of both stand side by side: `{name: resnet-compact, width: 16, head: mlp, hidden: 64}`.
    """

    INLINE: ClassVar[tuple[str, ...]] = ("backbone", "projection")

    backbone: Annotated[Backbone, OneOf("backbone")]
    projection: Annotated[Head, OneOf("head")] = Field(default_factory=Linear)
    label: Label | None = Field(
        None, description="Name in results and tables; by default the network's.", json_schema_extra=NOT_IDENTITY
    )
    dimension: Annotated[int, Field(ge=2, le=4096)] = Field(128, description="Length of an embedding.")
    batch_norm_groups: Annotated[int, Field(ge=1, le=256)] = Field(
        1, description="BatchNorm statistics over this many parts of a batch; above 1, keys are shuffled."
    )

    @model_validator(mode="before")
    @classmethod
    def _sorted_into_parts(cls, given: Any, info: ValidationInfo) -> Any:
        plugins = info.context if isinstance(info.context, Plugins) else Plugins()
        return sorted_into_parts(given, own=set(cls.model_fields), plugins=plugins)

    @model_serializer(mode="wrap")
    def _side_by_side(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values = handler(self)
        return {**values.pop("backbone", {}), **values.pop("projection", {}), **values}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of the spelling in which all settings stand side by side."""
        return schema_side_by_side(handler.resolve_ref_schema(handler(schema)))

    def with_changes(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Plain values with an arm's changes laid over them; another network or head brings its own settings."""
        values = self.model_dump()
        for part in (self.backbone, self.projection):
            if changes.get(part.tag, part.title()) != part.title():
                values = {name: value for name, value in values.items() if name not in part.settings()}
        return {**values, **changes}

    @property
    def name(self) -> str:
        """The backbone's name in a suite."""
        return str(self.backbone.title())

    @property
    def head(self) -> str:
        """The projection head's name in a suite."""
        return str(self.projection.title())

    @property
    def title(self) -> str:
        """The name under which results are filed."""
        return self.label or self.backbone.label()


def _known_reading(given: str) -> str:
    if given not in readings():
        raise PydanticKnownError("literal_error", {"expected": " or ".join(f"'{name}'" for name in readings())})
    return given


class ContrastConfig(Section):
    """The subject of the study: queue, momentum encoder, loss and negatives."""

    queue_size: Count = Field(4096, description="Number of keys K in the queue, a multiple of what enters in a step.")
    temperature: Positive = Field(0.1, description="Temperature tau of the softmax.")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.99, description="m of the momentum encoder.")
    dual_view: Annotated[
        str, AfterValidator(_known_reading), WithJsonSchema({"enum": list(readings()), "type": "string"})
    ] = Field("none", description="Our reading of the dual-view loss, or a control; the names are below.")
    key_weight: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.5, description="w of (1-w) L_q + w L_k; without meaning for `none` and `symmetric`."
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
    filter_warmup_steps: Annotated[int, Field(ge=0, le=10**9)] = Field(
        0, description="Steps at the start with the whole queue: similarity to a queue of noise means nothing."
    )
    mask_same_sample: bool = Field(True, description="Never use an image's own earlier key as its negative.")
    enqueue: Literal["one-view", "both-views"] = Field(
        "one-view", description="Keys that enter the queue in a step of `symmetric`: B, or 2B as in MoCo's demo."
    )

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, given: Any) -> Any:
        """A reading given as `objective` is the reading: one run, one fingerprint."""
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
        """The loss, however it was spelt."""
        return reading_of(self.dual_view, self.key_weight, self.combine) if self.objective is None else self.objective

    @property
    def keys_per_image(self) -> int:
        """Keys that enter the queue in a step, over the images of a batch."""
        return 2 if self.loss.swaps_views and self.enqueue == "both-views" else 1

    def idle_keys(self) -> tuple[str, ...]:
        """See `Section.idle_keys`."""
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


class AugmentConfig(Section):
    """How the two views of an image are drawn. Defaults: MoCo's CIFAR-10 demo."""

    crop_scale: tuple[Fraction, Fraction] = Field((0.08, 1.0), description="Area of the random crop, as parts.")
    crop_ratio: tuple[Positive, Positive] = Field((0.75, 4 / 3), description="Width to height of the crop.")
    flip: Probability = Field(0.5, description="Probability of a horizontal flip.")
    jitter_probability: Probability = Field(0.8, description="Probability of the colour jitter.")
    brightness: Probability = 0.4
    contrast: Probability = 0.4
    saturation: Probability = 0.4
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    grayscale: Probability = Field(0.2, description="Probability of losing all colour.")
    blur: Probability = Field(0.0, description="Probability of a Gaussian blur, sigma 0.1-2.")
    solarize: Probability = Field(0.0, description="Probability of inverting values above a half.")


class TrainConfig(Section):
    """The loop."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 200
    batch_size: Annotated[int, Field(ge=2, le=65536)] = 512
    optimiser: Literal["sgd", "adamw"] = "sgd"
    learning_rate: Annotated[float, Field(gt=0, le=1000)] = 0.06
    weight_decay: Annotated[float, Field(ge=0, le=10)] = Field(5e-4, description="On all parameters, as in the demo.")
    sgd_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    schedule: Literal["cosine-step", "cosine-epoch", "constant"] = Field(
        "cosine-step",
        description="Learning rate over a run; `cosine-epoch` is that of MoCo's demo, 0 in the last epoch.",
    )
    warmup_epochs: Annotated[int, Field(ge=0, le=100_000)] = Field(0, description="Linear warm-up of the rate.")
    stop_after_epochs: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None,
        description="Train and evaluate the first epochs of the schedule only, which stays that of `epochs`; for "
        "holding a recipe against somebody's first epochs.",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Of the encoders' products; `auto` is bfloat16 where the hardware is faster in it."
    )
    channels_last: bool = True
    compile: Literal["auto", "never", "always"] = Field(
        "auto", description="torch.compile: `auto` where it pays (CUDA), falls back to eager and says so."
    )
    deterministic: bool = Field(True, description="Refuse algorithms whose result depends on timing.")
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,2})?)$")] = Field(
        "auto", description="`auto`: a CUDA device if there is one.", json_schema_extra=NOT_IDENTITY
    )
    devices: Annotated[int, Field(ge=1, le=1024)] = Field(
        1,
        description="Processes that share each batch, one a device; the numbers of one process but for rounding.",
        json_schema_extra=NOT_IDENTITY,
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="CPU threads of one run, of each process.")
    checkpoint_seconds: Annotated[float, Field(ge=0, le=1e6)] = Field(
        30.0, description="At most one checkpoint in this time, at an epoch's end.", json_schema_extra=NOT_IDENTITY
    )
    augment: AugmentConfig = AugmentConfig()

    def idle_keys(self) -> tuple[str, ...]:
        """See `Section.idle_keys`."""
        return ("sgd_momentum",) if self.optimiser == "adamw" else ()

    @property
    def trained_epochs(self) -> int:
        """Epochs that are trained: the schedule's, or those after which it is left."""
        return self.epochs if self.stop_after_epochs is None else self.stop_after_epochs


class ProbeConfig(Section):
    """Softmax regression on frozen features, solved; its penalty is chosen on a held-out part of the training split."""

    RETIRED: ClassVar[tuple[str, ...]] = ("epochs", "batch_size", "learning_rates", "weight_decays")

    c_values: tuple[Annotated[float, Field(ge=1e-6, le=1e6)], ...] = Field(
        (1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0, 100.0),
        min_length=1,
        max_length=32,
        description="Candidates for C, the inverse strength of the L2 penalty, in scikit-learn's unit.",
    )
    holdout: Annotated[float, Field(ge=0.05, le=0.5)] = Field(
        0.2, description="Part of the training images on which C is chosen."
    )


class EvaluateConfig(Section):
    """What is measured on the last epoch's query encoder."""

    knn_k: Count = Field(200, description="Neighbours.")
    knn_temperature: Positive = Field(0.1, description="Neighbours weigh exp(similarity / temperature).")
    probe: ProbeConfig = ProbeConfig()
    corruptions: bool = Field(True, description="kNN under noise, blur, contrast and occlusion.")
    corruption_images: Annotated[int, Field(ge=100)] = Field(
        2000, description="At most this many evaluation images, balanced over the classes, are corrupted."
    )
    floors: bool = Field(True, description="kNN and probe on raw pixels and on the random initialisation.")
    neighbours: Annotated[int, Field(ge=0, le=64)] = Field(6, description="Test images shown with their neighbours.")
    batch_size: Annotated[int, Field(ge=1, le=65536)] = Field(500, description="Images a forward pass.")
    every: Count | None = Field(
        None,
        description="kNN after every so many epochs of training, on a part of the images, for a curve in "
        "`history.csv`; nothing is chosen by it.",
        json_schema_extra=NOT_IDENTITY,
    )
    metrics: tuple[Annotated[Metric, OneOf("metric")], ...] = Field(
        (), max_length=32, description="Measures of your own beside these: a plug-in's names, or `name` and settings."
    )

    @model_validator(mode="after")
    def _metrics_have_columns(self) -> Self:
        """Each gets its entry in the registry, so that sections read after this one, and all tables, know it."""
        columns = [metric.column() for metric in self.metrics]
        for metric, column in zip(self.metrics, columns, strict=True):
            if columns.count(column) > 1:
                raise ValueError(f"`metrics` has `{metric.title()}` twice; each fills one column")
            if metric.title() in built_in("metric"):
                raise ValueError(f"`{metric.title()}` is measured anyway; `metrics` are those of your own")
            try:
                registered.register(registered.of_class(type(metric)))
            except InputError as error:
                raise ValueError(str(error)) from None
        return self
