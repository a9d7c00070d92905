"""Networks from images to features. One family per file."""

from moco_bench.components.backbones.base import Backbone, Built
from moco_bench.components.backbones.resnet_compact import SMALLEST_WIDTH, CompactResNet

__all__ = ["SMALLEST_WIDTH", "Backbone", "Built", "CompactResNet"]
