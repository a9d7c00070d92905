"""ResNets with the stem for small images."""

from typing import ClassVar, Literal

from moco_bench.components.backbones.base import Backbone, Built
from moco_bench.components.types import NormLayer


class CifarResNet(Backbone):
    """A torchvision ResNet whose stem is a 3x3 convolution at stride 1, without max-pooling.

    As in the MoCo authors' CIFAR-10 demo, the new stem keeps the default initialisation of a convolution, all other
    layers torchvision's.
    """

    source: ClassVar[str] = "He et al. 2016 (arXiv 1512.03385); stem of facebookresearch/moco's CIFAR-10 demo"
    network: ClassVar[str]

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        from torch import nn
        from torchvision.models import resnet

        network = getattr(resnet, self.network)(norm_layer=norm_layer)
        features = network.fc.in_features
        network.conv1 = nn.Conv2d(channels, network.conv1.out_channels, 3, stride=1, padding=1, bias=False)
        network.maxpool = nn.Identity()
        network.fc = nn.Identity()
        return Built(network, features)


class CifarResNet18(CifarResNet):
    """ResNet-18 for small images: 3x3 stem at stride 1, no max-pooling."""

    network: ClassVar[str] = "resnet18"
    name: Literal["resnet18-cifar"] = "resnet18-cifar"


class CifarResNet34(CifarResNet):
    """ResNet-34 for small images: 3x3 stem at stride 1, no max-pooling."""

    network: ClassVar[str] = "resnet34"
    name: Literal["resnet34-cifar"] = "resnet34-cifar"


class CifarResNet50(CifarResNet):
    """ResNet-50 for small images: 3x3 stem at stride 1, no max-pooling."""

    network: ClassVar[str] = "resnet50"
    name: Literal["resnet50-cifar"] = "resnet50-cifar"
