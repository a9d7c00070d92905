"""The registry of metrics: one entry for each column of `runs.csv` that effects can be computed of.

Suites name metrics, runs are read and effects computed by what stands here: a metric that is registered, built in or by
a plug-in, needs no line anywhere else. A run's `metrics.json` holds it under its name.
"""

from dataclasses import dataclass
from typing import Literal

from moco_bench.components import metrics as components
from moco_bench.errors import InputError

MetricKind = Literal["accuracy", "structure", "speed", "memory"]


@dataclass(frozen=True)
class MetricColumn:
    """One column of `runs.csv`.

    Attributes:
        name: of the column, and of the key in `metrics.json` or `resources.json`.
        title: as headings show it.
        short: as narrow columns show it.
        unit: `%` for accuracies (their differences are percentage points); empty where there is none.
        better: the side that is better; None where neither is.
        kind: accuracies have a margin in points, all others in percent of the control; speed and memory depend on the
            machine.
        decimals: that are shown.
        floor: the measure in `floors/DATASET.json` that a useful encoder has to beat before effects on this metric mean
            anything: the encoder's own (`random_encoder`), and that of raw pixels; empty where there is none.
        floor_pixels: the same for raw pixels, where it has another name.
        reached: the metric that is held against the floors, where it is another one.
    """

    name: str
    title: str
    short: str
    unit: str
    better: Literal["higher", "lower"] | None
    kind: MetricKind
    decimals: int
    floor: str = ""
    floor_pixels: str = ""
    reached: str = ""

    @property
    def needs_quiet_machine(self) -> bool:
        """Whether values are valid only if nothing else ran on the machine."""
        return self.kind == "speed"

    @property
    def depends_on_machine(self) -> bool:
        """Whether values of different machines are not comparable."""
        return self.kind in ("speed", "memory")

    @property
    def about_representations(self) -> bool:
        """Whether it measures what an encoder has learnt, not what that cost."""
        return self.kind in ("accuracy", "structure")

    @property
    def percent(self) -> bool:
        """Whether values lie between 0 and 100."""
        return self.unit == "%"


_KNN = "knn_top1"


def of_class(idea: type[components.Metric]) -> MetricColumn:
    """The entry of a metric class: an accuracy if its unit is `%`, else a measure of structure.

    It says nothing of an encoder whose features classify no better than raw pixels.
    """
    title = idea.shown()
    kind: MetricKind = "accuracy" if idea.unit == "%" else "structure"
    return MetricColumn(
        idea.column(), title, title, idea.unit, idea.better, kind, idea.decimals, floor=_KNN, reached=_KNN
    )  # fmt: skip


_BUILT_IN = (
    MetricColumn(_KNN, "kNN accuracy", "kNN", "%", "higher", "accuracy", 2, floor=_KNN),
    MetricColumn(
        "knn_top1_projection", "kNN accuracy, projection", "kNN, projection", "%", "higher", "accuracy", 2,
        floor="knn_top1_projection", floor_pixels=_KNN,
    ),
    MetricColumn(
        "linear_top1", "Linear probe accuracy", "Linear probe", "%", "higher", "accuracy", 2, floor="linear_top1"
    ),
    MetricColumn(
        "knn_top1_corrupted", "kNN accuracy, corrupted images", "kNN, corrupted", "%", "higher", "accuracy", 2,
        floor=_KNN, reached=_KNN,
    ),
    MetricColumn("alignment", "Alignment", "Alignment", "", "lower", "structure", 3, floor=_KNN, reached=_KNN),
    of_class(components.Uniformity),
    of_class(components.EffectiveRank),
    MetricColumn("images_per_second", "Throughput", "Throughput", "images/s", "higher", "speed", 0),
    MetricColumn("step_ms_median", "Median step", "Median step", "ms", "lower", "speed", 1),
    MetricColumn("train_seconds", "Training time", "Training", "s", "lower", "speed", 1),
    MetricColumn("peak_memory_mib", "Peak memory", "Peak memory", "MiB", "lower", "memory", 0),
)  # fmt: skip
METRICS: dict[str, MetricColumn] = {metric.name: metric for metric in _BUILT_IN}
"""Metrics by name: built-in ones, then those of the plug-ins of the suite that was read last."""

COLUMNS: tuple[str, ...] = (
    "suite", "arm", "dataset", "encoder", "seed", "status", "epochs", "knn_top1", "knn_top1_projection",
    "linear_top1", "train_loss", "images_per_second", "step_ms_median", "train_seconds", "peak_memory_mib",
    "memory_source", "device", "precision", "fingerprint", "replicate", "init_hash", "order_hash", "augment_hash",
    "exclusive", "reason", "alignment", "uniformity", "effective_rank", "knn_top1_corrupted",
    "false_negative_rate_kept", "false_negative_rate_dropped", "foreign_load", "threads", "compiled", "evaluated_on",
    "evaluation_fingerprint", "shared_from", "directory", "budget", "precision_requested", "measured_on",
)  # fmt: skip
"""The columns of `runs.csv`, without the metrics of plug-ins."""

RESERVED = {"metric", "effect", *COLUMNS} - set(METRICS)
"""Columns of `runs.csv` and `effects.csv` that aren't metrics, whose names no metric may take."""


def register(metric: MetricColumn) -> None:
    """Add a metric; one that was added under the same name before is replaced.

    Raises:
        InputError: the name is taken by a built-in metric or by a column that is no metric.
    """
    built_in = {known.name for known in _BUILT_IN}
    if METRICS.get(metric.name) == metric:
        return
    if metric.name in built_in or metric.name in RESERVED:
        raise InputError(f"metric {metric.name!r}: the name is taken; choose another, such as {metric.name + '_own'!r}")
    if not metric.name.isidentifier():
        raise InputError(f"metric {metric.name!r}: a name has letters, digits and _, and doesn't begin with a digit")
    METRICS[metric.name] = metric


def forget_added() -> None:
    """Remove all but the built-in metrics: one suite's plug-ins must not affect another suite."""
    for metric in added():
        del METRICS[metric.name]


def added() -> tuple[MetricColumn, ...]:
    """The metrics that the suite's plug-ins registered."""
    return tuple(METRICS.values())[len(_BUILT_IN) :]
