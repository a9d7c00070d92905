"""Views with a hole."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Augmentation


class Cutout(Augmentation):
    """Mirrors half of the images and paints a square of each grey."""

    source: ClassVar[str] = "after DeVries and Taylor 2017 (arXiv 1708.04552)"

    name: Literal["cutout"] = "cutout"
    part: float = Field(0.5, gt=0, lt=1, description="Side of the square, of an image's.")

    def view(self, images, generator):
        """One view of each image, uint8 as the images."""
        import torch

        views, (height, width) = images.clone(), images.shape[2:]
        drawn = torch.rand(len(images), 3, generator=generator).tolist()  # on the CPU, wherever the images are
        tall, wide = int(self.part * height), int(self.part * width)
        for view, (down, across, mirror) in zip(views, drawn, strict=True):
            if mirror < 0.5:
                view.copy_(view.flip(2))
            top, left = int(down * (height - tall)), int(across * (width - wide))
            view[:, top : top + tall, left : left + wide] = 128
        return views
