"""The section `train`: the training loop and its augmentations."""

from typing import Annotated, Literal

from pydantic import Field

from moco_bench.components.augmentations import Augmentation, MocoRecipe
from moco_bench.components.base import NOT_IDENTITY, Settings
from moco_bench.components.field import OneOf
from moco_bench.suite.config.fields import Device


class TrainConfig(Settings):
    """The loop."""

    epochs: int = Field(200, ge=1, le=100_000, description="Of the whole schedule.")
    batch_size: int = Field(512, ge=2, le=65536, description="Images per step; an incomplete last batch is dropped.")
    optimiser: Literal["sgd", "adamw"] = Field("sgd", description="`sgd` or `adamw`.")
    learning_rate: float = Field(0.06, gt=0, le=1000, description="At the start of the schedule.")
    weight_decay: float = Field(5e-4, ge=0, le=10, description="On all parameters, as in the demo.")
    sgd_momentum: float = Field(0.9, ge=0, lt=1, description="Of `sgd`.")
    schedule: Literal["cosine-step", "cosine-epoch", "constant"] = Field(
        "cosine-step",
        description="Learning rate over a run: `cosine-step`, `constant`, or `cosine-epoch`, that of MoCo's demo, "
        "whose epochs count from 1, so that the rate is 0 in the last.",
    )
    warmup_epochs: int = Field(0, ge=0, le=100_000, description="Linear warm-up of the rate.")
    stop_after_epochs: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None,
        description="Stop the schedule of `epochs` early and evaluate there, to compare with the start of a published "
        "curve.",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Of the encoders' products: `float32`, `bfloat16`, `float16`; `auto` is bfloat16 on processors "
        "and GPUs that multiply faster in it, else float32. `run.json` records the choice.",
    )
    channels_last: bool = Field(True, description="Memory format of images and convolutions.")
    compile: Literal["auto", "never", "always"] = Field(
        "auto",
        description="torch.compile: `auto` on CUDA, `always`, `never`; without a compiler the run continues "
        "uncompiled and says so.",
    )
    deterministic: bool = Field(True, description="On CUDA: refuse algorithms whose result depends on timing.")
    device: Device = Field(
        "auto",
        description="`cpu`, `cuda`, `cuda:1`; `auto` takes a free GPU if there is one.",
        json_schema_extra=NOT_IDENTITY,
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
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(
        1,
        description="CPU threads of one run, of each process. They affect the last bits, so they are part of the "
        "fingerprint; `--cores` limits the cores of all runs together.",
    )
    checkpoint_seconds: float = Field(
        30.0,
        ge=0,
        le=1e6,
        description="At most one checkpoint in this time, at an epoch's end.",
        json_schema_extra=NOT_IDENTITY,
    )
    augment: Annotated[Augmentation, OneOf("augmentation", default="moco")] = Field(
        default_factory=MocoRecipe,
        description="How the two views of an image are drawn: settings of the recipe below, or a plug-in's name, or "
        "its `name` and settings.",
    )

    def idle_keys(self) -> tuple[str, ...]:
        """See `Settings.idle_keys`."""
        return ("sgd_momentum",) if self.optimiser == "adamw" else ()

    @property
    def trained_epochs(self) -> int:
        """Number of epochs that are trained: the schedule's, or fewer where training stops early."""
        return self.epochs if self.stop_after_epochs is None else self.stop_after_epochs
