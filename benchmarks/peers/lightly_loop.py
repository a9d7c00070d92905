"""MoCo as users of lightly build it from its parts: transform, projection head, loss with memory bank, update.

lightly is an optional extra, so it is imported only when a loop is made.
"""

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.peers.pil_loop import PilLoop
from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.datasets import DataSet
from moco_bench.models.encoder import Encoder
from moco_bench.suite.config import ContrastConfig, TrainConfig


def why_absent() -> str | None:
    """Why lightly can't take part, or None where it can."""
    return None if find_spec("lightly") else "not installed: pip install 'moco-bench[bench]'"


class LightlyLoop(PilLoop):
    """The loop of lightly's MoCo example; under bfloat16 as PyTorch Lightning's mixed precision runs it.

    The example's shuffle of the keys' batch is left out: with plain BatchNorm on one device it changes nothing.
    """

    def __init__(
        self,
        query_encoder: Encoder,
        key_encoder: Encoder,
        dataset: DataSet,
        *,
        contrast: ContrastConfig,
        train: TrainConfig,
        dimension: int,
        workers: int,
        device: torch.device,
        autocast: bool = False,
    ) -> None:
        """Take encoders of equal weights; lightly's heads take the place of theirs, with the same weights."""
        for encoder in (query_encoder, key_encoder):
            encoder.head = _head(encoder.feature_dimension, dimension, encoder.head)
        super().__init__(
            "lightly_bfloat16" if autocast else "lightly",
            query_encoder,
            key_encoder,
            dataset,
            _transform(train, dataset),
            train=train,
            workers=workers,
            device=device,
        )
        self._autocast, self._momentum = autocast, contrast.momentum
        self._update_momentum = import_module("lightly.models.utils").update_momentum
        with torch.random.fork_rng(devices=[]):  # its memory bank is drawn from the global generator
            self._criterion = import_module("lightly.loss").NTXentLoss(
                temperature=contrast.temperature, memory_bank_size=(contrast.queue_size, dimension)
            )
        self._criterion.to(device)

    def train_on(self, first: Tensor, second: Tensor) -> Tensor:
        """See `PilLoop`."""
        self._update_momentum(self.query_encoder, self.key_encoder, m=self._momentum)
        with self._precision():
            query = self.query_encoder(first)
            with torch.no_grad():
                key = self.key_encoder(second)
            loss: Tensor = self._criterion(query, key)
        return self._descend(loss)

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self._autocast else nullcontext()


def _head(features: int, dimension: int, weights: nn.Module) -> nn.Module:
    """The head of lightly's MoCo with the weights of ours, which has the same two layers."""
    with torch.random.fork_rng(devices=[]):
        head: nn.Module = import_module("lightly.models.modules").MoCoProjectionHead(features, features, dimension)
    with torch.no_grad():
        for parameter, own in zip(head.parameters(), weights.parameters(), strict=True):
            parameter.copy_(own)
    return head


def _transform(train: TrainConfig, dataset: DataSet) -> Any:
    """The transform of lightly for MoCo v2 with the strengths of the other contenders."""
    augment = train.augment
    assert isinstance(augment, MocoRecipe)
    return import_module("lightly.transforms").MoCoV2Transform(
        input_size=dataset.train.images.shape[-1],
        min_scale=augment.crop_scale[0],
        hf_prob=augment.flip,
        cj_prob=augment.jitter_probability,
        cj_bright=augment.brightness,
        cj_contrast=augment.contrast,
        cj_sat=augment.saturation,
        cj_hue=augment.hue,
        random_gray_scale=augment.grayscale,
        gaussian_blur=augment.blur,
        normalize={"mean": list(dataset.mean), "std": list(dataset.std)},
    )
