"""Ideas that a suite can name: one class in one file each, with its settings, its formula, its source and its cost.

Everything else about an idea is asked of its class: the keys of a suite and their schema, the tables of
`config/README.md`, what can't work, what is the same as what, the fingerprint and the words of a report. Importing an
idea needs no torch: formulas use the methods of the tensors that they are given, or import torch where they run.
"""

from moco_bench.components.augmentations.base import Augmentation
from moco_bench.components.backbones.base import Backbone, Built
from moco_bench.components.base import Component, Section
from moco_bench.components.datasets.base import Arrays, Dataset, Files
from moco_bench.components.heads.base import Head
from moco_bench.components.metrics.base import Evaluation, Metric
from moco_bench.components.negatives.base import Negatives, Selection
from moco_bench.components.objectives.base import Objective, Terms
from moco_bench.components.ranks import Ranks

__all__ = [
    "Arrays",
    "Augmentation",
    "Backbone",
    "Built",
    "Component",
    "Dataset",
    "Evaluation",
    "Files",
    "Head",
    "Metric",
    "Negatives",
    "Objective",
    "Ranks",
    "Section",
    "Selection",
    "Terms",
]
