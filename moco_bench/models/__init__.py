"""Encoders by name: a backbone and a projection head, initialised from a seed of their own."""

from moco_bench.models.encoder import Encoder as Encoder
from moco_bench.models.encoder import build_encoder as build_encoder
from moco_bench.models.normalisation import SplitBatchNorm as SplitBatchNorm
