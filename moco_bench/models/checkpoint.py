"""Loads an encoder that was trained elsewhere from its file: as data, never as code."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load
from torch import Tensor, nn

from moco_bench.errors import InputError, one_line, why_unread
from moco_bench.models.encoder import Encoder, build_encoder
from moco_bench.models.key_names import find_weights
from moco_bench.suite.config import EncoderConfig

METADATA = "moco_bench"
"""Key of a safetensors file under which `export-encoder` stores the origin of the weights."""

WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Keys under which a file of torch may hold its weights among other things."""


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors of a file by name, on the CPU, and the metadata of an export of this package.

    Raises:
        InputError: no such file, neither safetensors nor a file of torch, or one with Python objects, which are never
            loaded.
    """
    where = f"encoder.checkpoint: {path}"
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: {why_unread(error)}; give a file of weights") from None
    if path.suffix == ".safetensors":
        try:
            return load(content), _told(path)
        except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
            raise InputError(f"{where}: not a safetensors file ({_short(error)})") from None
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # damage has a dozen kinds of exception
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise InputError(
                f"{where}: holds pickled Python objects, which could run code and are never loaded; "
                "save the weights alone: `torch.save(model.state_dict(), FILE)`"
            ) from None
        raise InputError(f"{where}: not a file of weights of torch or safetensors ({_short(error)})") from None
    for key in WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    named = loaded.items() if isinstance(loaded, Mapping) else ()
    tensors = {str(name): value for name, value in named if isinstance(value, Tensor)}
    if not tensors:
        raise InputError(
            f"{where}: holds no weights by name; `torch.save(model.state_dict(), FILE)` writes such a file"
        )
    return tensors, {}


def _told(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="pt") as file:
        text = (file.metadata() or {}).get(METADATA)
    told = json.loads(text) if text else {}
    return told if isinstance(told, dict) else {}


def encoder_from(
    config: EncoderConfig, path: Path, *, channels: int, image_size: int
) -> tuple[Encoder, dict[str, Any]]:
    """The network of `config` with the weights of a file, and the file's metadata.

    Where the file has no projection head of the configured shape, the encoder has none (`Encoder.has_head`).

    Raises:
        InputError: as `read_weights` does, or the weights are those of another network.
    """
    weights, told = read_weights(path)
    encoder = build_encoder(config, channels=channels, image_size=image_size, seed=0)
    own, where = encoder.backbone.state_dict(), f"encoder.checkpoint: {path}"
    found = find_weights(weights, own, encoder.head.state_dict())
    if isinstance(found, str):
        raise InputError(f"{where}: not the weights of {config.title}: {found}")
    for name, value in found.backbone.items():
        if value.shape != own[name].shape:
            raise InputError(
                f"{where}: {found.prefix}{name} has the shape {list(value.shape)}, {config.title} needs "
                f"{list(own[name].shape)}; give the backbone and the width that it was trained with"
            )
        if not value.isfinite().all():
            raise InputError(f"{where}: {found.prefix}{name} isn't finite")
    encoder.backbone.load_state_dict({**own, **found.backbone})
    if found.head is None:
        encoder.head = nn.Identity()
    else:
        encoder.head.load_state_dict(found.head)
    return encoder, told


def _short(error: BaseException) -> str:
    return one_line(error)[:120] or type(error).__name__
