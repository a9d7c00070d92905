"""Features of a whole split from the frozen encoder, in evaluation mode, in float32."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from moco_bench.data.stored import Pixels, batches
from moco_bench.data.views import normalise
from moco_bench.models import Encoder


@dataclass(frozen=True)
class Embeddings:
    """The embeddings of N images, float32 on the CPU: of the backbone [N, F], and [N, D], not normalised."""

    backbone: Tensor
    projection: Tensor


def frozen_copy(encoder: Encoder, device: torch.device) -> Encoder:
    """A copy of `encoder` in evaluation mode, in float32 on `device`; the encoder itself if it is so already.

    The original is untouched: neither its training mode nor a BatchNorm's statistics can be left changed.
    """
    held = [*encoder.parameters(), *encoder.buffers()]
    if (
        not any(module.training for module in encoder.modules())
        and not any(tensor.requires_grad for tensor in held)
        and all(tensor.device == device for tensor in held)
        and all(tensor.dtype == torch.float32 for tensor in held if tensor.is_floating_point())
    ):
        return encoder
    return copy.deepcopy(encoder).to(device=device, dtype=torch.float32).eval().requires_grad_(False)


def embed(
    encoder: Encoder,
    images: Pixels,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch_size: int,
    device: torch.device | str,
) -> Embeddings:
    """Embed images, uint8 [N, C, H, W], as they are, without augmentation; the encoder is left as it was.

    `mean` and `std` are per channel, of values in [0, 1].
    """
    return embed_prepared(
        encoder, images, lambda batch: normalise(batch, mean, std), batch_size=batch_size, device=device
    )


@torch.no_grad()
def embed_prepared(
    encoder: Encoder,
    images: Pixels,
    prepare: Callable[[Tensor], Tensor],
    *,
    batch_size: int,
    device: torch.device | str,
) -> Embeddings:
    """Embed `prepare(batch)` of each batch of `images`: [B, C, H, W] in, normalised float32 out."""
    device = torch.device(device)
    frozen = frozen_copy(encoder, device)
    backbone, projection = [], []
    with torch.autocast(device.type, enabled=False):
        for batch in batches(images, batch_size):
            # Set explicitly, or the layout of the weights decides, and with it the last bits: an encoder read from a
            # file would differ from the one that was trained.
            prepared = prepare(batch.to(device)).to(memory_format=torch.channels_last)
            features = frozen.features(prepared)
            backbone.append(features.cpu())
            projection.append(frozen.head(features).cpu())
    return Embeddings(torch.cat(backbone), torch.cat(projection))
