"""A small ResNet, sized for a CPU."""

from collections import OrderedDict
from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.backbones.base import Backbone, Built
from moco_bench.components.types import Module, NormLayer


class CompactResNet(Backbone):
    """Three stages of basic blocks with 1, 2 and 4 times `width` channels, then global average pooling.

    The layout of the CIFAR ResNets with projections in the shortcuts, fewer blocks and more channels. The stem `patch2`
    cuts the image into 2x2 patches without overlap: all that follows works on a quarter of the pixels. Features have
    length 4 * width.
    """

    source: ClassVar[str] = "after He et al. 2016 (arXiv 1512.03385)"

    name: Literal["resnet-compact"] = "resnet-compact"
    width: int = Field(32, ge=1, le=512, description="Channels of the first stage.")
    depth: int = Field(1, ge=1, le=8, description="Residual blocks per stage.")
    stem: Literal["conv3", "patch2"] = Field(
        "conv3", description="First layer: 3x3 at full size, or 2x2 patches at half size."
    )

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        from torch import nn

        from moco_bench.components.basic_block import BasicBlock

        size, stride, padding = (2, 2, 0) if self.stem == "patch2" else (3, 1, 1)
        stem = nn.Sequential(
            nn.Conv2d(channels, self.width, size, stride=stride, padding=padding, bias=False),
            norm_layer(self.width),
            nn.ReLU(inplace=True),
        )
        blocks, before = [], self.width
        for stage, after in enumerate((self.width, 2 * self.width, 4 * self.width)):
            for block in range(self.depth):
                blocks.append(BasicBlock(before, after, 2 if stage > 0 and block == 0 else 1, norm_layer))
                before = after
        parts: list[tuple[str, Module]] = [
            ("stem", stem),
            ("stages", nn.Sequential(*blocks)),
            ("pool", nn.AdaptiveAvgPool2d(1)),
            ("flat", nn.Flatten(1)),
        ]
        network = nn.Sequential(OrderedDict(parts))
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        return Built(network, 4 * self.width)
