"""The section `train`: the training loop and its augmentations."""

from typing import Annotated, Literal

from pydantic import Field

from moco_bench.components.augmentations import Augmentation, MocoRecipe
from moco_bench.components.base import NOT_IDENTITY, Section
from moco_bench.components.field import OneOf


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
        description="Processes that share each batch, one per device; the numbers of one process but for rounding.",
        json_schema_extra=NOT_IDENTITY,
    )
    runs_per_gpu: Annotated[int, Field(ge=1, le=64)] = Field(
        1,
        description="Runs that share a GPU; with more than one, none of their times counts as measured alone.",
        json_schema_extra=NOT_IDENTITY,
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="CPU threads of one run, of each process.")
    checkpoint_seconds: Annotated[float, Field(ge=0, le=1e6)] = Field(
        30.0, description="At most one checkpoint in this time, at an epoch's end.", json_schema_extra=NOT_IDENTITY
    )
    augment: Annotated[Augmentation, OneOf("augmentation", default="moco")] = Field(
        default_factory=MocoRecipe, description="How the two views of an image are drawn: a name, or settings."
    )

    def idle_keys(self) -> tuple[str, ...]:
        """See `Section.idle_keys`."""
        return ("sgd_momentum",) if self.optimiser == "adamw" else ()

    @property
    def trained_epochs(self) -> int:
        """Epochs that are trained: the schedule's, or those after which it is left."""
        return self.epochs if self.stop_after_epochs is None else self.stop_after_epochs
