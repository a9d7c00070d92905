"""Measures of an encoder beside its accuracies. One per file."""

from moco_bench.components.metrics.base import Embedded, Evaluation, Metric
from moco_bench.components.metrics.effective_rank import EffectiveRank
from moco_bench.components.metrics.uniformity import Uniformity

__all__ = ["EffectiveRank", "Embedded", "Evaluation", "Metric", "Uniformity"]
