"""The base class of augmentations."""

from typing import ClassVar

from moco_bench.components.base import Component
from moco_bench.components.types import Generator, Tensor


class Augmentation(Component):
    """Draws a view of each image of a batch. A training step draws two, and evaluation uses two for alignment.

    All randomness comes from the generator that is passed in, so that a step's views depend on the run's seed and the
    step alone. It is given no labels.
    """

    kind: ClassVar[str] = "augmentation"
    tag: ClassVar[str] = "name"
    cost: ClassVar[str] = "see `moco-bench profile`"

    def view(self, images: Tensor, generator: Generator) -> Tensor:
        """One view of each image.

        Args:
            images: uint8 [B, C, H, W] on the run's device, not to be written to.
            generator: on the CPU, the only source of random numbers.

        Returns:
            [B, C, H, W], uint8 or floats in [0, 1]. The mean is taken off and the deviation divided out afterwards.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Raise `ValueError` where settings contradict each other; the message begins with a setting's name."""

    def without_effect(self) -> tuple[str, ...]:
        """Settings that other settings switch off: arms that differ only in them draw the same views."""
        return ()

    @classmethod
    def mistake(cls) -> str | None:
        """See `Component.mistake`."""
        return "has no method `view(images, generator)`" if cls.view is Augmentation.view else None
