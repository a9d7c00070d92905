"""The section `dataset`: which images, and which part of them."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationInfo, model_validator

from moco_bench.components.base import NOT_IDENTITY, Count, Fraction, Probability, Settings
from moco_bench.components.datasets import Dataset
from moco_bench.components.field import OneOf
from moco_bench.components.plugins import Plugins
from moco_bench.suite.config.encoder_spelling import SideBySide, refuse_settings_of_others
from moco_bench.suite.config.fields import Label


class NormaliseConfig(Settings):
    """What is taken off each channel and what it is divided by, for images in [0, 1]."""

    mean: Annotated[tuple[Probability, ...], Field(min_length=1, max_length=4)]
    std: Annotated[tuple[Fraction, ...], Field(min_length=1, max_length=4)]

    @model_validator(mode="after")
    def _same_channels(self) -> Self:
        if len(self.mean) != len(self.std):
            raise ValueError(f"`mean` has {len(self.mean)} channels, `std` {len(self.std)}; give one value per channel")
        return self


class DatasetConfig(SideBySide):
    """Which images, and which part of them.

    In a suite the settings of a data set stand beside those that all have: `{name: cifar10, root: data, train_limit:
    5000}`.
    """

    INLINE: ClassVar[dict[str, str]] = {"source": "dataset"}

    source: Annotated[Dataset, OneOf("dataset")] = Field(
        description="The data set: see the table below, or a plug-in's; its settings stand beside these keys."
    )
    label: Label | None = Field(
        None, description="Name in results and tables; by default `name`.", json_schema_extra=NOT_IDENTITY
    )
    image_size: Annotated[int, Field(ge=8, le=512)] | None = Field(
        None, description="Side in pixels to which images are resized; needed where they are files of any size."
    )
    train_limit: Count | None = Field(
        None, description="Use this many training images, balanced over the classes; by default all."
    )
    test_limit: Count | None = Field(
        None, description="Use this many test images, balanced over the classes; by default all."
    )
    validation: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0,
        description="Part of the training split that is held out and evaluated on in place of the test split, "
        "for choosing hyperparameters.",
    )
    normalise: NormaliseConfig | None = Field(
        None,
        description="`mean` and `std`, a list each with one value per channel, of pixels in [0, 1]; by default those "
        "of the training images.",
    )

    @model_validator(mode="before")
    @classmethod
    def _sorted_into_parts(cls, given: Any, info: ValidationInfo) -> Any:
        """Move the data set's settings into its own section."""
        if not isinstance(given, dict) or isinstance(given.get("source"), Dataset):
            return given
        shared = cls.model_fields.keys() - {"source"}
        values = {key: value for key, value in given.items() if key in shared}
        own = {key: value for key, value in given.items() if key not in shared}
        if "name" in own:
            plugins = info.context if isinstance(info.context, Plugins) else Plugins()
            plugins.find("dataset", str(own["name"]))  # one of an installed package is known from now on
            refuse_settings_of_others(plugins.known("dataset"), str(own["name"]), own)
        return {**values, "source": own} if "name" in own else {**values, **own}

    @property
    def training_images(self) -> int | None:
        """Number of training images; None if only the data can tell."""
        if self.source.sizes is None:
            return None
        whole = self.source.sizes[0]
        size = whole - (0 if self.source.labelled is not None else round(whole * self.validation))
        return min(size, self.train_limit or size)

    @property
    def labelled_images(self) -> int | None:
        """Number of training images that evaluation compares with; None if only the data can tell."""
        whole = self.source.labelled
        return self.training_images if whole is None else whole - round(whole * self.validation)

    @property
    def name(self) -> str:
        """The data set's name in a suite."""
        return str(self.source.title())

    @property
    def title(self) -> str:
        """The name under which results are filed."""
        return self.label or self.name
