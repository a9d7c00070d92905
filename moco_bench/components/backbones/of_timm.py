"""Any network of timm, the PyTorch image models."""

from typing import Any, ClassVar, Literal

from moco_bench.components.backbones.base import Built
from moco_bench.components.backbones.of_library import LibraryModel
from moco_bench.components.types import NormLayer
from moco_bench.errors import InputError


class TimmModel(LibraryModel):
    """Any network of timm without its classifier, from random weights. Needs `pip install timm`."""

    source: ClassVar[str] = "Wightman 2019, PyTorch Image Models (timm)"

    name: Literal["timm"] = "timm"

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        try:
            import timm
        except ImportError:
            raise InputError("encoder.name: timm isn't installed; `pip install timm` does it") from None
        if not timm.is_model(self.model):
            raise InputError(f"encoder.model: timm has no network {self.model!r}; `timm.list_models()` lists them")
        settings: dict[str, Any] = {"pretrained": False, "num_classes": 0, "in_chans": channels}
        try:
            network: Any = timm.create_model(self.model, img_size=image_size, **settings)
        except TypeError:  # a network that takes images of any size has no such setting
            network = timm.create_model(self.model, **settings)
        self.adapted(network, norm_layer)
        features: int = getattr(network, "head_hidden_size", None) or network.num_features
        return Built(network, features)
