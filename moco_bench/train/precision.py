"""Resolves the requested device and precision to what this machine can do.

What concerns CUDA (autocast to float16 with its loss scaling, deterministic algorithms, images that stay on the device)
is written and untested: there was no GPU.
"""

import os
import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from moco_bench.errors import InputError
from moco_bench.measure.allocator import keep_freed_memory
from moco_bench.measure.machine import bfloat16_pays, cuda_has_bfloat16
from moco_bench.suite.config import TrainConfig

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Numerics:
    """Device and precision of a run, resolved from its configuration."""

    device: torch.device
    precision: str
    channels_last: bool
    keeps_memory: bool = False
    """Whether malloc keeps what is freed (`measure.allocator`)."""

    def autocast(self) -> AbstractContextManager[Any]:
        """The context for the encoders' forward passes."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=DTYPES[self.precision])

    def place(self, module: nn.Module) -> nn.Module:
        """The module on the device, in the memory format that suits its convolutions."""
        module = module.to(self.device)
        return module.to(memory_format=torch.channels_last) if self.channels_last else module

    @property
    def memory_format(self) -> torch.memory_format:
        """The memory format of images [B, C, H, W] for the encoders."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


def resolve_numerics(config: TrainConfig, device_name: str | None = None) -> Numerics:
    """Resolve device and precision, and set the process up for them; `device_name` overrides the configuration.

    Raises:
        InputError: a device or precision was asked for by name that this machine doesn't have.
    """
    device = resolve_device(device_name or config.device)
    precision = config.precision
    if precision == "auto":
        precision = "bfloat16" if _faster_in_bfloat16(device) else "float32"
    if precision == "float16" and device.type != "cuda":
        raise InputError("train.precision: float16 needs a CUDA device; on a CPU use bfloat16 or float32")
    torch.set_num_threads(config.threads)
    compute_float32_exactly()
    if device.type == "cuda" and config.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        # Else every new tensor is filled with NaN, a launch each, for programs that read what they haven't written.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = False
    keeps_memory = device.type == "cpu" and keep_freed_memory()
    return Numerics(device, precision, config.channels_last, keeps_memory)


def compute_float32_exactly() -> None:
    """Compute float32 exactly on a GPU, too: cuDNN rounds factors to 10 bits (TF32) by default."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def resolve_device(requested: str) -> torch.device:
    """The requested device; `auto` is the first CUDA device, if any. Raises `InputError` if it isn't here."""
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    check_given(requested, available)
    if requested == "auto":
        return torch.device("cuda:0" if available else "cpu")
    device = torch.device(requested)
    if device.type == "cuda" and (device.index or 0) >= available:
        raise InputError(
            f"train.device: {requested!r} is not here; {socket.gethostname()} shows {available} CUDA devices"
        )
    return device


def check_given(requested: str, available: int) -> None:
    """Refuse `auto` if none of the assigned GPUs is visible: a broken driver must not cost days on a CPU.

    It is bad input, which no workflow tries again: Slurm would give the next attempt the same node, which is free.

    Raises:
        InputError: a batch system or a user has named devices for this process, and there are none.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if requested == "auto" and available == 0 and named not in ("", "-1", "NoDevFiles"):
        raise InputError(
            f"this process was given GPUs (CUDA_VISIBLE_DEVICES={named}), but {socket.gethostname()} shows no CUDA "
            "device; it doesn't train on a CPU instead unless `train.device` is cpu"
        )


def _faster_in_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return cuda_has_bfloat16(device)
    return bfloat16_pays()
