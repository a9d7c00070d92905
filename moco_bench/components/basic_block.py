"""The residual block of the compact encoder."""

from torch import Tensor, nn

from moco_bench.components.types import NormLayer


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016, arXiv 1512.03385, figure 2 and section 3.3).

    Where the stride or the number of channels changes, the shortcut is a 1x1 convolution. Names, initialisation and
    results are those of torchvision's block, whose import took half a second of every run's start.
    """

    def __init__(self, before: int, after: int, stride: int, norm_layer: NormLayer) -> None:
        super().__init__()
        shortcut = None
        if stride != 1 or before != after:
            shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), norm_layer(after))
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1 = norm_layer(after)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = norm_layer(after)
        self.downsample = shortcut

    def forward(self, images: Tensor) -> Tensor:
        """[B, before, H, W] -> [B, after, H / stride, W / stride]."""
        residual = self.relu(self.bn1(self.conv1(images)))
        residual = self.bn2(self.conv2(residual))
        residual += images if self.downsample is None else self.downsample(images)
        out: Tensor = self.relu(residual)
        return out
