"""Any network of timm, the PyTorch image models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from moco_bench.components.backbones.base import Backbone, Built
from moco_bench.components.backbones.of_torchvision import Model, with_norm_layer, without_early_strides
from moco_bench.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from moco_bench.components.backbones.base import NormLayer


class TimmModel(Backbone):
    """Any network of timm without its classifier, from random weights. Needs `pip install timm`."""

    source: ClassVar[str] = "Wightman 2019, PyTorch Image Models (timm)"
    smallest_image: ClassVar[int] = 16

    name: Literal["timm"] = "timm"
    model: Model = Field(description="Its name there, such as `convnext_atto`.")
    stem: Literal["full", "small"] = Field(
        "full",
        description="`small`: first convolution at stride 1 and no first max-pooling, for images up to 64 pixels.",
    )

    def label(self) -> str:
        """See `Backbone.label`."""
        return self.model

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        """See `Backbone.build`."""
        try:
            import timm
        except ImportError:
            raise InputError("encoder.name: timm isn't installed; `pip install timm` does it") from None
        if not timm.is_model(self.model):
            raise InputError(f"encoder.model: timm has no network {self.model!r}; `timm.list_models()` lists them")
        network: Any = self._create(channels, image_size)
        if self.stem == "small":
            without_early_strides(network)
        with_norm_layer(network, norm_layer)
        features: int = getattr(network, "head_hidden_size", None) or network.num_features
        return Built(network, features)

    def _create(self, channels: int, image_size: int) -> nn.Module:
        import timm

        settings: dict[str, Any] = {"pretrained": False, "num_classes": 0, "in_chans": channels}
        try:
            network: nn.Module = timm.create_model(self.model, img_size=image_size, **settings)
        except TypeError:  # a network that takes images of any size has no such setting
            network = timm.create_model(self.model, **settings)
        return network
