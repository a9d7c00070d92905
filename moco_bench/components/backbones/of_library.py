"""The base class of networks from torchvision and timm."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moco_bench.components.backbones.base import Backbone
from moco_bench.components.types import Module, NormLayer

Model = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]


class LibraryModel(Backbone):
    """A network that a library has by name, without its classifier, from random weights."""

    smallest_image: ClassVar[int] = 16

    model: Model = Field(description="Its name there, such as `resnet50`.")
    stem: Literal["full", "small"] = Field(
        "full",
        description="`small`: first convolution at stride 1 and no first max-pooling, for images up to 64 pixels.",
    )

    def label(self) -> str:
        return self.model

    def adapted(self, network: Module, norm_layer: NormLayer) -> Module:
        """The network with the requested stem, and with `norm_layer` in place of every BatchNorm."""
        if self.stem == "small":
            _without_early_strides(network)
        _with_norm_layer(network, norm_layer)
        return network


def _without_early_strides(network: Module) -> None:
    """Adapt the stem to small images: stride 1 in the first convolution, and no first max-pooling."""
    from torch import nn

    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    first.stride = (1, 1)
    for name, module in network.named_modules():
        if isinstance(module, nn.MaxPool2d):
            network.set_submodule(name, nn.Identity())
            return


def _with_norm_layer(network: Module, norm_layer: NormLayer) -> None:
    """Replace every BatchNorm by `norm_layer`, unless it is BatchNorm itself."""
    from torch import nn

    if norm_layer is nn.BatchNorm2d:
        return
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.BatchNorm2d) and re.fullmatch(r"BatchNorm.*", type(module).__name__):
            network.set_submodule(name, norm_layer(module.num_features))
