"""Projection heads. One family per file."""

from moco_bench.components.heads.base import Head
from moco_bench.components.heads.linear import Linear

__all__ = ["Head", "Linear"]
