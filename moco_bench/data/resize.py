"""Bringing images to one square size."""

from torch import Tensor
from torchvision.transforms.v2 import functional


def to_square(images: Tensor, size: int) -> Tensor:
    """Cut uint8 images [..., H, W] to their central square, then resample them bilinearly (antialiased) to `size`."""
    side = min(images.shape[-2:])
    square: Tensor = functional.center_crop(images, [side, side])
    return square if side == size else functional.resize(square, [size, size], antialias=True)
