"""Networks from images to features. One family per file."""

from moco_bench.components.backbones.base import Backbone as Backbone
from moco_bench.components.backbones.base import Built as Built
from moco_bench.components.backbones.resnet_compact import CompactResNet as CompactResNet
