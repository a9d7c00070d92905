"""The base class of backbones."""

from typing import ClassVar, NamedTuple

from moco_bench.components.base import Component
from moco_bench.components.types import Module, NormLayer


class Built(NamedTuple):
    """A module from images [B, C, H, W] to features [B, F], and F."""

    module: Module
    features: int


class Backbone(Component):
    """A network from images to features, without a classifier.

    Attributes:
        smallest_image: shortest side of an image in pixels: below it, strides would leave an empty map.
    """

    kind: ClassVar[str] = "backbone"
    tag: ClassVar[str] = "name"
    cost: ClassVar[str] = "see `moco-bench profile`"
    smallest_image: ClassVar[int] = 8

    def label(self) -> str:
        """The name under which results are filed, where the suite gives none."""
        return str(self.title())

    def build(self, channels: int, image_size: int, norm_layer: NormLayer) -> Built:
        """Make the network on the CPU in float32, initialised from the global generator, which is seeded beforehand.

        Args:
            channels: C, of the images.
            image_size: shorter side of the images in pixels.
            norm_layer: the normalisation to use in place of BatchNorm, which it is unless batches are split.

        Raises:
            InputError: no such network can be made, such as one of a library that isn't installed.
        """
        raise NotImplementedError
