"""Data sets: one class per file, with its settings, how it is read, its source and its licence."""

from moco_bench.components.datasets.base import Arrays as Arrays
from moco_bench.components.datasets.base import Dataset as Dataset
from moco_bench.components.datasets.base import Files as Files
