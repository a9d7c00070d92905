"""The common parts of the usual training loops: PIL images, transforms of one image at a time, a DataLoader."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from benchmarks.peers.flags import Flags
from moco_bench.data.datasets import DataSet
from moco_bench.data.stored import in_memory
from moco_bench.suite.config import TrainConfig

ENDLESS = 2**31
Views = Sequence[Tensor]


class PilImages(Dataset[Views]):
    """Images that a transform turns into two views.

    Args:
        images: uint8 [N, 3, H, W].
        transform: from a PIL image to its views, each float32 [3, H, W].
    """

    def __init__(self, images: Tensor, transform: Callable[[Image.Image], Views]) -> None:
        self._pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
        self._transform = transform

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitem__(self, index: int) -> Views:
        return self._transform(Image.fromarray(self._pixels[index]))


class PilLoop(ABC):
    """A contender whose batches come from a DataLoader.

    Args:
        name: under which its figures are given.
        query_encoder: taken as it is, and moved to the device.
        key_encoder: of the same weights; its parameters get no gradient from now on.
        dataset: what to train on.
        transform: of one image.
        train: batch size, and settings of SGD.
        workers: processes of the DataLoader.
        device: of the encoders.
    """

    def __init__(
        self,
        name: str,
        query_encoder: nn.Module,
        key_encoder: nn.Module,
        dataset: DataSet,
        transform: Callable[[Image.Image], Views],
        *,
        train: TrainConfig,
        workers: int,
        device: torch.device,
    ) -> None:
        self.name, self.device = name, device
        self.query_encoder, self.key_encoder = query_encoder.to(device), key_encoder.to(device)
        for parameter in self.key_encoder.parameters():
            parameter.requires_grad_(False)
        images = PilImages(in_memory(dataset.train.images), transform)
        generator = torch.Generator().manual_seed(0)
        # With replacement, so that an epoch never ends: at its end the workers would be started anew, and the small
        # data set of a benchmark would pay for that more often than a real one.
        sampler = RandomSampler(images, replacement=True, num_samples=ENDLESS, generator=generator)
        self._loader = DataLoader(
            images,
            train.batch_size,
            sampler=sampler,
            num_workers=workers,
            drop_last=True,
            pin_memory=device.type == "cuda",
            generator=generator,
        )
        self._batches: Iterator[Views] | None = None
        self._optimiser = torch.optim.SGD(
            self.query_encoder.parameters(),
            lr=train.learning_rate,
            momentum=train.sgd_momentum,
            weight_decay=train.weight_decay,
        )

    @contextmanager
    def turn(self) -> Iterator[Callable[[], object]]:
        """See `Contender`. Workers start afresh: none has loaded anything during the others' turns."""
        self._batches = iter(self._loader)
        try:
            with Flags().applied():  # what this package needs is no burden of its peers
                yield self._step
        finally:
            self._batches = None  # the only reference: its workers end

    def _step(self) -> None:
        assert self._batches is not None, "a step outside of a turn"
        first, second = (view.to(self.device, non_blocking=True) for view in next(self._batches))
        self.train_on(first, second)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _descend(self, loss: Tensor) -> Tensor:
        """One step of SGD on the loss, which it returns, detached."""
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        return loss.detach()

    @abstractmethod
    def train_on(self, first: Tensor, second: Tensor) -> Tensor:
        """One training step on two views [B, 3, H, W] of the same images; its loss, detached."""
