"""Any classification network of torchvision."""

from typing import ClassVar, Literal

from moco_bench.components.backbones.base import Built
from moco_bench.components.backbones.of_library import LibraryModel
from moco_bench.components.types import Module, NormLayer
from moco_bench.errors import InputError

CLASSES = 1000
"""Outputs of the classifiers that torchvision makes by default."""


class TorchvisionModel(LibraryModel):
    """Any classification network of torchvision without its classifier, from random weights.

    The classifier is the network's last linear layer with 1,000 outputs; what it took are the features.
    """

    source: ClassVar[str] = "torchvision.models"

    name: Literal["torchvision"] = "torchvision"

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        from torch import nn
        from torchvision import models

        if self.model not in models.list_models(models):
            raise InputError(f"encoder.model: torchvision has no classification network {self.model!r}")
        sizes = {"image_size": image_size} if self.model.startswith("vit_") else {}
        if self.model in ("googlenet", "inception_v3"):
            sizes |= {"aux_logits": False, "init_weights": True}
        network: Module = models.get_model(self.model, weights=None, **sizes)
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
        return Built(self.adapted(network, norm_layer), classifier.in_features)


def with_channels(network: Module, channels: int) -> None:
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
