"""The section `encoder`: a backbone and a projection head."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from moco_bench.components.backbones import Backbone
from moco_bench.components.base import NOT_IDENTITY
from moco_bench.components.field import OneOf
from moco_bench.components.heads import Head, Linear
from moco_bench.components.plugins import Plugins
from moco_bench.suite.config.checkpoint import CheckpointConfig, spell_out_file
from moco_bench.suite.config.encoder_spelling import SideBySide, sorted_into_parts
from moco_bench.suite.config.fields import Label


class EncoderConfig(SideBySide):
    """The network: a backbone and a projection head.

    In a suite the settings of both stand side by side: `{name: resnet-compact, width: 16, head: mlp, hidden: 64}`.
    """

    INLINE: ClassVar[dict[str, str]] = {"backbone": "backbone", "projection": "head"}

    backbone: Annotated[Backbone, OneOf("backbone")] = Field(
        description="The backbone, with its settings beside it: the first table below."
    )
    projection: Annotated[Head, OneOf("head")] = Field(
        default_factory=Linear, description="The projection head, with its settings beside it: the second table below."
    )
    label: Label | None = Field(
        None, description="Name in results and tables; by default the network's.", json_schema_extra=NOT_IDENTITY
    )
    dimension: int = Field(128, ge=2, le=4096, description="Length of an embedding.")
    batch_norm_groups: Annotated[int, Field(ge=1, le=256)] = Field(
        1,
        description="Groups per batch for BatchNorm, as on several GPUs, with keys shuffled between them (shuffling "
        "BN); 8 in MoCo's demo.",
    )
    checkpoint: Annotated[CheckpointConfig | None, BeforeValidator(spell_out_file)] = Field(
        None,
        description="A file of weights that somebody else trained, or its `file` and `normalise`: the arm is "
        "evaluated, not trained; see below.",
    )

    @model_validator(mode="before")
    @classmethod
    def _sorted_into_parts(cls, given: Any, info: ValidationInfo) -> Any:
        plugins = info.context if isinstance(info.context, Plugins) else Plugins()
        return sorted_into_parts(given, own=set(cls.model_fields), plugins=plugins)

    def with_changes(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Plain values with an arm's changes applied; another network or head brings its own settings."""
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
