"""Draws views with a run's augmentation: the package's own recipe, or a plug-in's function."""

import torch
from torch import Tensor

from moco_bench.components.augmentations import Augmentation, MocoRecipe
from moco_bench.data.views import Hasher, RecipeViews, standardise
from moco_bench.errors import InputError
from moco_bench.files import canonical_json

FAR_OUTSIDE = 0.5
"""Allowed distance from [0, 1]: a change of contrast may leave it slightly, a wrong scale by far."""


class DrawnViews:
    """Views from an idea's `view`, checked as the recipe's: shape, scale, and no change to the images."""

    def __init__(self, idea: Augmentation, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        self.idea, self.mean, self.std = idea, mean, std
        told = {"name": idea.title(), "settings": idea.settings(), "code": idea.code}
        self._told = canonical_json(told).encode()
        self._known_range = False

    def one(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """As `RecipeViews.one`. Raises `InputError` where `view` gives anything but a view of each image."""
        where = f"augmentation {self.idea.title()}: `view`"
        before = images._version
        drawn = self.idea.view(images, generator)
        if images._version != before:
            raise InputError(f"{where} writes into the images that it is given; work on a copy, `images.clone()`")
        if not isinstance(drawn, Tensor) or drawn.shape != images.shape:
            shape = list(drawn.shape) if isinstance(drawn, Tensor) else type(drawn).__name__
            raise InputError(f"{where} gave {shape}; one image for each of {list(images.shape)} would be right")
        if drawn.dtype == torch.uint8:
            return standardise(drawn.float().div_(255), self.mean, self.std)
        if not drawn.is_floating_point():
            raise InputError(f"{where} gave {drawn.dtype}; uint8, or floats in [0, 1] would be right")
        if not self._known_range:  # once: a scale of 0 to 255 is seen in the first batch, and looking costs a GPU time
            low, high = float(drawn.min()), float(drawn.max())
            if not -FAR_OUTSIDE <= low <= high <= 1 + FAR_OUTSIDE:
                raise InputError(f"{where} gave floats from {low:.3g} to {high:.3g}; 0 to 1 would be right")
            self._known_range = True
        return standardise(drawn.to(torch.float32, copy=True), self.mean, self.std)

    def two(
        self,
        images: Tensor,
        generator: torch.Generator,
        hasher: Hasher,
        rows: slice,
        memory_format: torch.memory_format,
    ) -> tuple[Tensor, Tensor]:
        """As `RecipeViews.two`: the whole batch is drawn, whatever the rows, so that ranks draw alike."""
        hasher.update(self._told)
        hasher.update(generator.get_state().numpy().tobytes())
        first, second = (self.one(images, generator)[rows] for _ in range(2))
        hasher.update(generator.get_state().numpy().tobytes())
        return first.contiguous(memory_format=memory_format), second.contiguous(memory_format=memory_format)


Views = RecipeViews | DrawnViews
"""What draws views of images [B, C, H, W], uint8; views are normalised, float32."""


def views_of(idea: Augmentation, mean: tuple[float, ...], std: tuple[float, ...]) -> Views:
    """The `Views` of an augmentation; mean and deviation are those of images in [0, 1], per channel."""
    return RecipeViews(idea, mean, std) if isinstance(idea, MocoRecipe) else DrawnViews(idea, mean, std)
