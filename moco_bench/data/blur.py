"""Gaussian blur with one sigma per sample, on float32 images [B, C, H, W]."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from moco_bench.data.crop import separable

SIGMA = (0.1, 2.0)


def kernel_size(side: int) -> int:
    """Pixels of the blur's kernel: a tenth of the image's side (SimCLR, appendix A), odd and at least 3."""
    return max(3, side // 20 * 2 + 1)


def gaussian_blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image with its own `sigma` [B] (pixels), the borders mirrored; equals torchvision's `gaussian_blur`."""
    height, width = images.shape[-2:]
    sigma = sigma.float()
    return separable(images, _blur_rows(height, sigma), _blur_rows(width, sigma))


def _blur_rows(size: int, sigma: Tensor) -> Tensor:
    """The matrix [B, size, size] that blurs one axis: row i holds the kernel around pixel i, folded at the borders."""
    reach = kernel_size(size) // 2
    offsets = torch.arange(-reach, reach + 1, device=sigma.device)
    kernel = torch.softmax(-0.5 * (offsets / sigma[:, None]) ** 2, dim=1)
    position = (torch.arange(size, device=sigma.device)[:, None] + offsets).abs()
    position = torch.where(position >= size, 2 * (size - 1) - position, position)
    return torch.einsum("bk,ikj->bij", kernel, one_hot(position, size).float())
