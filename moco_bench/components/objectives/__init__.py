"""Losses of queries, keys and a queue, one per file; those with a `key_weight` read the paper's dual view."""

from moco_bench.components.objectives.base import Objective, Terms
from moco_bench.components.objectives.info_nce import InfoNCE
from moco_bench.components.objectives.key_anchored import KeyAnchored
from moco_bench.components.objectives.key_in_batch import KeyInBatch
from moco_bench.components.objectives.query_queue import QueryQueue
from moco_bench.components.objectives.reading import Reading
from moco_bench.components.objectives.scaled_positive import ScaledPositive
from moco_bench.components.objectives.symmetric import Symmetric

__all__ = [
    "InfoNCE",
    "KeyAnchored",
    "KeyInBatch",
    "Objective",
    "QueryQueue",
    "Reading",
    "ScaledPositive",
    "Symmetric",
    "Terms",
]
