"""A data set made on the spot."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from moco_bench.components import Dataset


class Shapes(Dataset):
    """A disc, a square, a cross or a ring, somewhere on a noisy background: 32x32 RGB."""

    sizes: ClassVar[tuple[int, int] | None] = (400, 200)
    class_count: ClassVar[int | None] = 4

    name: Literal["shapes"] = "shapes"
    noise: int = Field(60, ge=1, le=127, description="Levels of 256.")

    def load(self, split):
        """The same images each time."""
        count, seed = {"train": (400, 0), "test": (200, 1)}[split]
        random = np.random.Generator(np.random.PCG64(seed))
        labels = np.arange(count) % 4
        across, down = np.arange(32) - random.uniform(10, 22, (2, count, 1))
        x, y = np.abs(across[:, None, :]), np.abs(down[:, :, None])
        radius = np.hypot(x, y)
        masks = np.stack([radius < 7, np.maximum(x, y) < 6, np.minimum(x, y) < 2, np.abs(radius - 6) < 2])
        shown = masks[labels, np.arange(count)]
        colours = random.integers(128, 256, (count, 1, 1, 3))
        images = random.integers(0, self.noise, (count, 32, 32, 3))
        return np.where(shown[..., None], colours, images).astype(np.uint8), labels

    def class_names(self):
        """In order of the labels."""
        return ["disc", "square", "cross", "ring"]
