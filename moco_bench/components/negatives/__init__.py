"""Rules about negatives, one per file: which keys an anchor is compared with, their weights, and additional keys."""

from moco_bench.components.negatives.all_keys import All as All
from moco_bench.components.negatives.band import Band as Band
from moco_bench.components.negatives.base import Negatives as Negatives
from moco_bench.components.negatives.base import Selection as Selection
from moco_bench.components.negatives.drop_hardest import DropHardest as DropHardest
from moco_bench.components.negatives.easiest import Easiest as Easiest
from moco_bench.components.negatives.hardest import Hardest as Hardest
from moco_bench.components.negatives.random_part import Random as Random
from moco_bench.components.negatives.share import Share as Share
from moco_bench.components.negatives.threshold import Threshold as Threshold
