"""Momentum contrast: the queue, the momentum encoder, the choice of negatives and the losses. Pure tensors."""

from moco_bench.components.negatives import Hardest as Hardest
from moco_bench.contrast.logsumexp import kept_version as kept_version
from moco_bench.contrast.loss import contrastive_loss as contrastive_loss
