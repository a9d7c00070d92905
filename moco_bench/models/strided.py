"""Strided 1x1 convolutions of few channels on large maps, without a gradient that writes beyond its buffers.

With images in channels-last order, oneDNN (torch 2.14.1, AVX2 and AVX-512) reads a strided 1x1 convolution through a
buffer that is too small below 16 input channels: with 8 channels and maps from 56 pixels on the backward pass kills the
process. Taking every n-th pixel first is the same convolution at stride 1. On maps of up to 32 pixels, where glibc's
check of the heap finds nothing written beyond, PyTorch's own stays, because the two may differ in their last bits.
"""

from typing import TypeVar

from torch import Tensor, nn

ENOUGH_CHANNELS = 16
"""From this number of channels on, oneDNN's own strided convolution is right, and stays in place."""

SMALL_MAP = 32
"""With maps of at most this side in pixels it stays in place with fewer channels, too."""


class PointwiseOfEvery(nn.Conv2d):
    """A strided 1x1 convolution that, on large maps, first selects the pixels that it reads."""

    def forward(self, images: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C', ceil(H / stride), ceil(W / stride)]."""
        if max(images.shape[-2:]) <= SMALL_MAP:
            return super().forward(images)
        down, across = self.stride
        return nn.functional.conv2d(images[:, :, ::down, ::across], self.weight, self.bias, groups=self.groups)


Network = TypeVar("Network", bound=nn.Module)


def with_safe_strides(network: Network) -> Network:
    """The same `network` with its strided 1x1 convolutions of few channels replaced; weights and names are equal."""
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d) and _is_unsafe(module):
            down, across = module.stride
            safe = PointwiseOfEvery(
                module.in_channels,
                module.out_channels,
                1,
                (down, across),
                groups=module.groups,
                bias=False,
                device="meta",
            )  # on `meta` no random number is drawn
            safe.weight, safe.bias = module.weight, module.bias
            parent, _, own = name.rpartition(".")
            setattr(network.get_submodule(parent), own, safe)
    return network


def _is_unsafe(layer: nn.Conv2d) -> bool:
    strided = layer.kernel_size == (1, 1) and layer.stride != (1, 1) and layer.padding == (0, 0)
    return strided and layer.in_channels < ENOUGH_CHANNELS and type(layer) is nn.Conv2d
