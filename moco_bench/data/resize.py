"""Resizes images to one square size."""

from torch import Tensor


def to_square(images: Tensor, size: int) -> Tensor:
    """Cut uint8 images [..., H, W] to their central square, then resample them bilinearly (antialiased) to `size`."""
    # Here, since torchvision imports PyTorch's compiler: as long again as PyTorch itself, and few sets are resized.
    from torchvision.transforms.v2 import functional

    side = min(images.shape[-2:])
    square: Tensor = functional.center_crop(images, [side, side])
    return square if side == size else functional.resize(square, [size, size], antialias=True)
