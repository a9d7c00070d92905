"""Data sets: their names, and what is known of them before they are read."""

from moco_bench.components.datasets.base import Dataset

__all__ = ["Dataset"]
