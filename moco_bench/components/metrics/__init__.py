"""Measures of an encoder beside its accuracies. One per file."""

from moco_bench.components.metrics.base import Embedded as Embedded
from moco_bench.components.metrics.base import Evaluation as Evaluation
from moco_bench.components.metrics.base import Metric as Metric
from moco_bench.components.metrics.effective_rank import EffectiveRank as EffectiveRank
from moco_bench.components.metrics.uniformity import Uniformity as Uniformity
