"""Any classification network of torchvision."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from moco_bench.components.backbones.base import Backbone, Built
from moco_bench.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from moco_bench.components.backbones.base import NormLayer

Model = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
CLASSES = 1000
"""Outputs of the classifiers that torchvision makes by default."""


class TorchvisionModel(Backbone):
    """Any classification network of torchvision without its classifier, from random weights.

    The classifier is the network's last linear layer with 1,000 outputs; what it took are the features.
    """

    source: ClassVar[str] = "torchvision.models"
    smallest_image: ClassVar[int] = 16

    name: Literal["torchvision"] = "torchvision"
    model: Model = Field(description="Its name there, such as `mobilenet_v3_small`.")
    stem: Literal["full", "small"] = Field(
        "full",
        description="`small`: first convolution at stride 1 and no first max-pooling, for images up to 64 pixels.",
    )

    def label(self) -> str:
        """See `Backbone.label`."""
        return self.model

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        """See `Backbone.build`."""
        from torch import nn
        from torchvision import models

        if self.model not in models.list_models(models):
            raise InputError(f"encoder.model: torchvision has no classification network {self.model!r}")
        sizes = {"image_size": image_size} if self.model.startswith("vit_") else {}
        if self.model in ("googlenet", "inception_v3"):
            sizes |= {"aux_logits": False, "init_weights": True}
        network: nn.Module = models.get_model(self.model, weights=None, **sizes)
        classifiers = [
            (name, module)
            for name, module in network.named_modules()
            if isinstance(module, nn.Linear) and module.out_features == CLASSES
        ]
        if not classifiers:
            raise InputError(
                f"encoder.model: {self.model} has no linear classifier to take away; choose another network"
            )
        place, classifier = classifiers[-1]
        network.set_submodule(place, nn.Identity())
        with_channels(network, channels)
        if self.stem == "small":
            without_early_strides(network)
        with_norm_layer(network, norm_layer)
        return Built(network, classifier.in_features)


def with_channels(network: nn.Module, channels: int) -> None:
    """Make the first convolution take images of `channels` channels, if it doesn't."""
    from torch import nn

    place, first = next((name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d))
    if first.in_channels == channels:
        return
    network.set_submodule(
        place,
        nn.Conv2d(
            channels,
            first.out_channels,
            first.kernel_size,  # type: ignore[arg-type]
            stride=first.stride,  # type: ignore[arg-type]
            padding=first.padding,  # type: ignore[arg-type]
            bias=first.bias is not None,
        ),
    )


def without_early_strides(network: nn.Module) -> None:
    """The stem for small images: the first convolution looks at every pixel, and the first max-pooling goes."""
    from torch import nn

    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    first.stride = (1, 1)
    for name, module in network.named_modules():
        if isinstance(module, nn.MaxPool2d):
            network.set_submodule(name, nn.Identity())
            return


def with_norm_layer(network: nn.Module, norm_layer: NormLayer) -> None:
    """Replace every BatchNorm by `norm_layer`, unless it is BatchNorm itself."""
    from torch import nn

    if norm_layer is nn.BatchNorm2d:
        return
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.BatchNorm2d) and re.fullmatch(r"BatchNorm.*", type(module).__name__):
            network.set_submodule(name, norm_layer(module.num_features))
