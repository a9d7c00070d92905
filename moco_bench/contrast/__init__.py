"""Momentum contrast: the queue, the momentum encoder, the choice of negatives and the losses. Pure tensors."""

from moco_bench.components.negatives import (
    All,
    Band,
    DropHardest,
    Easiest,
    Hardest,
    Negatives,
    Random,
    Threshold,
)
from moco_bench.contrast.diagnostics import negative_diagnostics
from moco_bench.contrast.gradient_share import key_gradient_share
from moco_bench.contrast.logsumexp import kept_version, plain_version
from moco_bench.contrast.loss import LossTerms, contrastive_loss, contrastive_terms
from moco_bench.contrast.momentum import update_momentum_encoder
from moco_bench.contrast.pairs import AtStep
from moco_bench.contrast.queue import KeyQueue

__all__ = [
    "All",
    "AtStep",
    "Band",
    "DropHardest",
    "Easiest",
    "Hardest",
    "KeyQueue",
    "LossTerms",
    "Negatives",
    "Random",
    "Threshold",
    "contrastive_loss",
    "contrastive_terms",
    "kept_version",
    "key_gradient_share",
    "negative_diagnostics",
    "plain_version",
    "update_momentum_encoder",
]
