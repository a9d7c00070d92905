"""A plain MoCo loop in the style of its authors' CIFAR-10 demo: PIL, DataLoader, float32, one operation at a time.

Written from the algorithm (He et al., arXiv 1911.05722, algorithm 1). The demo's split BatchNorm and its shuffle of the
keys are left out: all contenders have the same encoder, with plain BatchNorm.
"""

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision import transforms

from benchmarks.peers.pil_loop import PilLoop
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.datasets import DataSet
from moco_bench.suite.config import ContrastConfig, TrainConfig


@dataclass(frozen=True)
class TwoViews:
    """Applies a transform twice."""

    transform: transforms.Compose

    def __call__(self, image: Image.Image) -> tuple[Tensor, Tensor]:
        """Two views of an image."""
        return self.transform(image), self.transform(image)


def pil_transform(augment: MocoRecipe, dataset: DataSet) -> TwoViews:
    """The transforms of torchvision with the strengths of `augment`, less blur and solarize, which the demo lacks."""
    colour = transforms.ColorJitter(augment.brightness, augment.contrast, augment.saturation, augment.hue)
    return TwoViews(
        transforms.Compose(
            [
                transforms.RandomResizedCrop(
                    dataset.train.images.shape[-1], scale=augment.crop_scale, ratio=augment.crop_ratio
                ),
                transforms.RandomHorizontalFlip(augment.flip),
                transforms.RandomApply([colour], p=augment.jitter_probability),
                transforms.RandomGrayscale(augment.grayscale),
                transforms.ToTensor(),
                transforms.Normalize(dataset.mean, dataset.std),
            ]
        )
    )


class DemoLoop(PilLoop):
    """The plain loop. Its queue is a matrix [D, K] of columns, its loss a cross-entropy over [B, 1 + K] logits."""

    def __init__(
        self,
        query_encoder: nn.Module,
        key_encoder: nn.Module,
        dataset: DataSet,
        *,
        queue: Tensor,
        contrast: ContrastConfig,
        train: TrainConfig,
        workers: int,
        device: torch.device,
    ) -> None:
        """Take encoders of equal weights and a `queue` [K, D] of unit rows, which is copied."""
        recipe = train.augment
        assert isinstance(recipe, MocoRecipe)
        super().__init__(
            "demo",
            query_encoder,
            key_encoder,
            dataset,
            pil_transform(recipe, dataset),
            train=train,
            workers=workers,
            device=device,
        )
        self._contrast = contrast
        self._queue = queue.T.contiguous().to(device)
        self._slot = 0

    def train_on(self, first: Tensor, second: Tensor) -> Tensor:
        """See `PilLoop`."""
        query = functional.normalize(self.query_encoder(first), dim=1)
        with torch.no_grad():
            self._follow()
            key = functional.normalize(self.key_encoder(second), dim=1)
        positive = torch.einsum("bd,bd->b", query, key).unsqueeze(1)
        negative = torch.einsum("bd,dk->bk", query, self._queue.clone())
        logits = torch.cat([positive, negative], dim=1) / self._contrast.temperature
        loss = functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))
        loss = self._descend(loss)
        self._replace_oldest(key)
        return loss

    def _follow(self) -> None:
        momentum = self._contrast.momentum
        pairs = zip(self.key_encoder.parameters(), self.query_encoder.parameters(), strict=True)
        for key_parameter, query_parameter in pairs:
            key_parameter.mul_(momentum).add_(query_parameter, alpha=1 - momentum)

    def _replace_oldest(self, keys: Tensor) -> None:
        slots = (self._slot + torch.arange(len(keys), device=keys.device)) % self._queue.shape[1]
        self._queue[:, slots] = keys.T
        self._slot = (self._slot + len(keys)) % self._queue.shape[1]
