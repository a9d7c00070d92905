"""Ideas that a suite can name: one class per file, with its settings, formula, source and cost.

Everything else about an idea is asked of its class: the keys of a suite and their schema, the tables of
`config/README.md`, what can't work, what is the same as what, the fingerprint and the words of a report. Importing an
idea needs no torch: formulas use the methods of the tensors that they are given, or import torch where they run.
"""

from moco_bench.components.augmentations.base import Augmentation as Augmentation
from moco_bench.components.backbones.base import Backbone as Backbone
from moco_bench.components.backbones.base import Built as Built
from moco_bench.components.base import Component as Component
from moco_bench.components.base import Settings as Settings
from moco_bench.components.datasets.base import Arrays as Arrays
from moco_bench.components.datasets.base import Dataset as Dataset
from moco_bench.components.datasets.base import Files as Files
from moco_bench.components.heads.base import Head as Head
from moco_bench.components.metrics.base import Evaluation as Evaluation
from moco_bench.components.metrics.base import Metric as Metric
from moco_bench.components.negatives.base import Negatives as Negatives
from moco_bench.components.negatives.base import Selection as Selection
from moco_bench.components.objectives.base import Objective as Objective
from moco_bench.components.objectives.base import Terms as Terms
from moco_bench.components.ranks import Ranks as Ranks
