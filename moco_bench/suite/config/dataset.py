"""The section `dataset`: which images, and which part of them."""

from typing import Annotated, Any, ClassVar, Self

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

from moco_bench.components.base import NOT_IDENTITY, Component, Count, Fraction, Probability, Section
from moco_bench.components.datasets import Dataset
from moco_bench.components.plugins import Plugins
from moco_bench.components.registry import built_in
from moco_bench.suite.config.fields import Label


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
