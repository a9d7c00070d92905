"""Projection heads. One family per file."""

from moco_bench.components.heads.base import Head as Head
from moco_bench.components.heads.linear import Linear as Linear
