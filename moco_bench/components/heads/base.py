"""The base class of projection heads."""

from typing import ClassVar

from moco_bench.components.base import Component
from moco_bench.components.types import Module, NormLayer


class Head(Component):
    """What turns features [B, F] into embeddings [B, D], not normalised. Evaluation of features leaves it out."""

    kind: ClassVar[str] = "head"
    tag: ClassVar[str] = "head"

    def build(self, features: int, dimension: int, norm_layer: NormLayer) -> Module:
        """Make the head from `features` F to `dimension` D, initialised from the global generator.

        `norm_layer` is the encoder's normalisation, for maps [B, C, H, W].
        """
        raise NotImplementedError
