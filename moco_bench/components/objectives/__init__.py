"""Losses of queries, keys and a queue, one per file; those with a `key_weight` read the paper's dual view."""

from moco_bench.components.objectives.base import Objective as Objective
from moco_bench.components.objectives.base import Terms as Terms
from moco_bench.components.objectives.info_nce import InfoNCE as InfoNCE
from moco_bench.components.objectives.key_anchored import KeyAnchored as KeyAnchored
from moco_bench.components.objectives.key_in_batch import KeyInBatch as KeyInBatch
from moco_bench.components.objectives.query_queue import QueryQueue as QueryQueue
from moco_bench.components.objectives.reading import Reading as Reading
from moco_bench.components.objectives.scaled_positive import ScaledPositive as ScaledPositive
from moco_bench.components.objectives.symmetric import Symmetric as Symmetric
