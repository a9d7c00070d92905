"""Encoders by name: a backbone and a projection head, initialised from a seed of their own."""

from moco_bench.models.encoder import Encoder, build_encoder
from moco_bench.models.normalisation import SplitBatchNorm

__all__ = ["Encoder", "SplitBatchNorm", "build_encoder"]
