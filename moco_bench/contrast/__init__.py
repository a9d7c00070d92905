"""Momentum contrast: the queue, the momentum encoder, the choice of negatives and the losses. Pure tensors."""

from moco_bench.components.negatives import All as All
from moco_bench.components.negatives import Band as Band
from moco_bench.components.negatives import DropHardest as DropHardest
from moco_bench.components.negatives import Easiest as Easiest
from moco_bench.components.negatives import Hardest as Hardest
from moco_bench.components.negatives import Negatives as Negatives
from moco_bench.components.negatives import Random as Random
from moco_bench.components.negatives import Threshold as Threshold
from moco_bench.contrast.diagnostics import negative_diagnostics as negative_diagnostics
from moco_bench.contrast.gradient_share import key_gradient_share as key_gradient_share
from moco_bench.contrast.logsumexp import kept_version as kept_version
from moco_bench.contrast.logsumexp import plain_version as plain_version
from moco_bench.contrast.loss import LossTerms as LossTerms
from moco_bench.contrast.loss import contrastive_loss as contrastive_loss
from moco_bench.contrast.loss import contrastive_terms as contrastive_terms
from moco_bench.contrast.momentum import update_momentum_encoder as update_momentum_encoder
from moco_bench.contrast.pairs import AtStep as AtStep
from moco_bench.contrast.queue import KeyQueue as KeyQueue
