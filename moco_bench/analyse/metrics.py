"""The metrics of a run as the analysis and the report name them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """One column of `runs.csv`. `better` is None where neither direction is."""

    name: str
    title: str
    short: str
    unit: str
    better: Literal["higher", "lower"] | None
    kind: Literal["accuracy", "structure", "speed", "memory"]
    decimals: int

    @property
    def needs_quiet_machine(self) -> bool:
        """Whether a value means something only where nothing else ran on the machine."""
        return self.kind == "speed"

    @property
    def depends_on_machine(self) -> bool:
        """Whether values of different machines don't compare."""
        return self.kind in ("speed", "memory")


_ALL = (
    Metric("knn_top1", "kNN accuracy", "kNN", "%", "higher", "accuracy", 2),
    Metric("knn_top1_projection", "kNN accuracy, projection", "kNN, projection", "%", "higher", "accuracy", 2),
    Metric("linear_top1", "Linear probe accuracy", "Linear probe", "%", "higher", "accuracy", 2),
    Metric("knn_top1_corrupted", "kNN accuracy, corrupted images", "kNN, corrupted", "%", "higher", "accuracy", 2),
    Metric("alignment", "Alignment", "Alignment", "", "lower", "structure", 3),
    Metric("uniformity", "Uniformity", "Uniformity", "", "lower", "structure", 3),
    Metric("effective_rank", "Effective rank", "Effective rank", "", "higher", "structure", 1),
    Metric("images_per_second", "Throughput", "Throughput", "images/s", "higher", "speed", 0),
    Metric("step_ms_median", "Median step", "Median step", "ms", "lower", "speed", 1),
    Metric("train_seconds", "Training time", "Training", "s", "lower", "speed", 1),
    Metric("peak_memory_mib", "Peak memory", "Peak memory", "MiB", "lower", "memory", 0),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
