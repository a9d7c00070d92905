"""Which keys an anchor is compared with, with what weight, and keys that the queue doesn't hold. One rule per file."""

from moco_bench.components.negatives.all_keys import All
from moco_bench.components.negatives.band import Band
from moco_bench.components.negatives.base import Negatives, Selection
from moco_bench.components.negatives.drop_hardest import DropHardest
from moco_bench.components.negatives.easiest import Easiest
from moco_bench.components.negatives.hardest import Hardest
from moco_bench.components.negatives.random_part import Random
from moco_bench.components.negatives.share import Share
from moco_bench.components.negatives.threshold import Threshold

__all__ = [
    "All",
    "Band",
    "DropHardest",
    "Easiest",
    "Hardest",
    "Negatives",
    "Random",
    "Selection",
    "Share",
    "Threshold",
]
