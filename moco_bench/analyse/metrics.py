"""The metrics of a run as the analysis and the report name them: the registry of `suite/metrics.py`."""

from moco_bench.suite.metrics import METRICS, Metric, added, register

__all__ = ["METRICS", "Metric", "added", "register"]
