"""The section `evaluate`: what is measured on the trained encoder."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from moco_bench.components.base import NOT_IDENTITY, Count, Positive, Settings
from moco_bench.components.field import OneOf
from moco_bench.components.metrics import Metric
from moco_bench.components.registry import built_in
from moco_bench.errors import InputError
from moco_bench.suite import metrics as registered


class ProbeConfig(Settings):
    """Softmax regression on frozen features, solved; its penalty is chosen on a held-out part of the training split."""

    RETIRED: ClassVar[tuple[str, ...]] = ("epochs", "batch_size", "learning_rates", "weight_decays")

    c_values: tuple[Annotated[float, Field(ge=1e-6, le=1e6)], ...] = Field(
        (1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0, 100.0),
        min_length=1,
        max_length=32,
        description="Candidates for C, the inverse strength of the L2 penalty, in scikit-learn's unit.",
    )
    holdout: float = Field(0.2, ge=0.05, le=0.5, description="Part of the training images on which C is chosen.")


class EvaluateConfig(Settings):
    """What is measured on the last epoch's query encoder."""

    knn_k: Count = Field(200, description="Neighbours of weighted kNN.")
    knn_temperature: Positive = Field(0.1, description="A neighbour's weight is exp(similarity / temperature).")
    probe: ProbeConfig = Field(
        ProbeConfig(),
        description="Linear probe: candidates `c_values` (0.0001 to 100), chosen on `holdout` (0.2) of the training "
        "split.",
    )
    corruptions: bool = Field(True, description="kNN under noise, blur, low contrast and occlusion.")
    corruption_images: Annotated[int, Field(ge=100)] = Field(
        2000,
        description="At most this many evaluation images, balanced over the classes and the same in all runs, are "
        "corrupted.",
    )
    floors: bool = Field(True, description="Baselines: kNN and probe on raw pixels and on untrained encoders.")
    neighbours: int = Field(6, ge=0, le=64, description="Test images shown with their neighbours.")
    batch_size: int = Field(500, ge=1, le=65536, description="Images per forward pass.")
    every: Count | None = Field(
        None,
        description="kNN after every so many epochs of training, for a curve (`knn_top1` in `history.csv`), on at "
        "most 2,000 training and 500 evaluation images. Not counted as training time; no epoch is chosen by it.",
        json_schema_extra=NOT_IDENTITY,
    )
    metrics: tuple[Annotated[Metric, OneOf("metric")], ...] = Field(
        (),
        max_length=32,
        description="Measures of your own beside the package's: names of plug-ins, alone or with settings (`[{name: "
        "my-spread, scale: 2}]`). An edit evaluates again and trains nothing.",
    )

    @model_validator(mode="after")
    def _metrics_have_columns(self) -> Self:
        """Register each metric, so that sections read after this one and all tables know it."""
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
