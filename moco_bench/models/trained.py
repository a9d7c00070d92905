"""A finished run's encoder as a module for other code: frozen, with its normalisation inside."""

from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from moco_bench.errors import InputError, one_line
from moco_bench.models.encoder import Encoder, build_encoder
from moco_bench.suite.config import EncoderConfig
from moco_bench.suite.on_disk.hashes import damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.validation import validate


class TrainedEncoder(nn.Module):
    """Computes features of images as a run's evaluation does: float32, evaluation mode, no gradient.

    Attributes:
        encoder: backbone and head, without normalisation.
        record: the run's `run.json`: settings, data, versions, hashes.
        feature_dimension: F.
        channels: C of the images that it was trained on.
        image_size: their shorter side in pixels.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: Encoder, record: dict[str, Any]) -> None:
        super().__init__()
        self.encoder, self.record = encoder, record
        self.feature_dimension = encoder.feature_dimension
        self.channels, *sides = record["data"]["image_shape"]
        self.image_size = min(sides)
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(record["data"][name]).view(1, -1, 1, 1), persistent=False)
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever `mode` is: BatchNorm's statistics are part of the result."""
        return super().train(False)

    def normalise(self, images: Tensor) -> Tensor:
        """Normalise images [B, C, H, W], uint8 or floats in [0, 1], for the encoder.

        Raises:
            ValueError: not such images.
        """
        if images.ndim != 4 or images.shape[1] != self.channels:
            raise ValueError(f"images must be [B, {self.channels}, H, W], got {tuple(images.shape)}")
        scaled = images.float() / 255 if images.dtype == torch.uint8 else images.float()
        return ((scaled - self.mean) / self.std).to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Features [B, F] of images [B, C, H, W], uint8 or floats in [0, 1]."""
        return self.encoder.features(self.normalise(images))

    def project(self, images: Tensor) -> Tensor:
        """Projections [B, D], unit rows: what training contrasts."""
        return nn.functional.normalize(self.encoder(self.normalise(images)), dim=1)


def load_encoder(run: Path | str) -> TrainedEncoder:
    """The query encoder in a finished run's folder: `load_encoder("results/quickstart/runs/.../vanilla/seed0")`.

    Raises:
        InputError: no such run, one that failed, or files that are not those that its `run.json` describes.
    """
    folder = Path(run)
    if not (folder / "run.json").is_file():
        raise InputError(f"{folder}: no run.json in it; give the folder of a finished run, such as .../vanilla/seed0")
    record = read_record(folder / "run.json")
    if record["status"] != "done":
        raise InputError(f"{folder}: this run failed ({record['reason']}); its weights are not an encoder to use")
    if not encoder_was_kept(record):
        raise InputError(f"{folder}: an archive without weights; train the run again to have its encoder")
    if wrong := damage(folder, record, whole=True):
        raise InputError(f"{folder}: {wrong}; put the file back, or train the run again")
    config = validate(EncoderConfig, record["config"]["encoder"], f"{folder / 'run.json'}: config.encoder")
    channels, *sides = record["data"]["image_shape"]
    encoder = build_encoder(config, channels=channels, image_size=min(sides), seed=0)
    try:
        encoder.load_weights(load((folder / "encoder.safetensors").read_bytes()))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise InputError(f"{folder / 'encoder.safetensors'}: {one_line(error)[:200]}") from None
    return TrainedEncoder(encoder.to(memory_format=torch.channels_last), record)
