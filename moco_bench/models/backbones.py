"""Backbones by name: images [B, C, H, W] become features [B, F].

A new backbone is a function with the signature of `BackboneBuilder` and a line in `BACKBONES` (and its name in
`moco_bench.suite.config.EncoderConfig`).
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn
from torchvision.models import resnet

from moco_bench.suite.config import EncoderConfig

NormLayer = Callable[[int], nn.Module]


class Backbone(NamedTuple):
    """A module from [B, C, H, W] to [B, features], and the length of its features."""

    module: nn.Module
    features: int


BackboneBuilder = Callable[[EncoderConfig, int, NormLayer], Backbone]


def _cifar_resnet(build: Callable[..., resnet.ResNet]) -> BackboneBuilder:
    """A torchvision ResNet with the stem for small images: 3x3 at stride 1, no max-pooling, no classifier.

    As in the MoCo authors' CIFAR-10 demo, the new stem keeps the default initialisation of a convolution, all other
    layers torchvision's.
    """

    def builder(config: EncoderConfig, channels: int, norm_layer: NormLayer) -> Backbone:
        del config  # these networks have no sizes to choose
        network = build(norm_layer=norm_layer)
        features = network.fc.in_features
        network.conv1 = nn.Conv2d(channels, network.conv1.out_channels, 3, stride=1, padding=1, bias=False)
        network.maxpool = nn.Identity()
        network.fc = nn.Identity()
        return Backbone(network, features)

    return builder


class CompactResNet(nn.Module):
    """Three stages of basic blocks with 1, 2 and 4 times `width` channels, then global average pooling.

    The layout of the CIFAR ResNets of He et al. (1512.03385, section 4.2) with projections in the shortcuts, fewer
    blocks and more channels, sized for a CPU. The stem `patch2` cuts the image into 2x2 patches without overlap: all
    that follows works on a quarter of the pixels.

    Args:
        channels: Channels of the images.
        width: Channels of the first stage; features are 4 * width.
        depth: Residual blocks a stage.
        stem: `conv3` or `patch2`.
        norm_layer: Makes the normalisation of that many channels.
    """

    def __init__(self, *, channels: int, width: int, depth: int, stem: str, norm_layer: NormLayer) -> None:
        super().__init__()
        size, stride, padding = (2, 2, 0) if stem == "patch2" else (3, 1, 1)
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, size, stride=stride, padding=padding, bias=False),
            norm_layer(width),
            nn.ReLU(inplace=True),
        )
        stages, before = [], width
        for stage, after in enumerate((width, 2 * width, 4 * width)):
            for block in range(depth):
                stride = 2 if stage > 0 and block == 0 else 1
                stages.append(_basic_block(before, after, stride, norm_layer))
                before = after
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Features [B, 4 * width] of images [B, C, H, W]."""
        pooled: Tensor = self.pool(self.stages(self.stem(images)))
        return pooled.flatten(1)


def _basic_block(before: int, after: int, stride: int, norm_layer: NormLayer) -> nn.Module:
    shortcut = None
    if stride != 1 or before != after:
        shortcut = nn.Sequential(resnet.conv1x1(before, after, stride), norm_layer(after))
    block: nn.Module = resnet.BasicBlock(before, after, stride, shortcut, norm_layer=norm_layer)
    return block


def _compact(config: EncoderConfig, channels: int, norm_layer: NormLayer) -> Backbone:
    module = CompactResNet(
        channels=channels, width=config.width, depth=config.depth, stem=config.stem, norm_layer=norm_layer
    )
    return Backbone(module, 4 * config.width)


BACKBONES: dict[str, BackboneBuilder] = {
    "resnet18-cifar": _cifar_resnet(resnet.resnet18),
    "resnet34-cifar": _cifar_resnet(resnet.resnet34),
    "resnet50-cifar": _cifar_resnet(resnet.resnet50),
    "resnet-compact": _compact,
}
