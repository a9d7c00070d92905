"""torch.compile for the two encoders, tried before training relies on it.

Compilation needs a C++ compiler (CPU) or Triton (CUDA). Where it can't be had, a run goes on eagerly and says so. On
CUDA a compiled pass is one CUDA graph, as small batches are bound by the launch of kernels.
"""

import copy
import shutil
import warnings
from typing import cast

import torch
from torch import nn

from moco_bench.suite.config import TrainConfig
from moco_bench.train.precision import Numerics
from moco_bench.train.state import TrainingState
from moco_bench.train.step import Networks

COMPILED, EAGER = "compiled", "eager"


def networks_of(
    state: TrainingState, config: TrainConfig, numerics: Numerics, images: torch.Size, *, called_twice: bool = False
) -> tuple[Networks, str]:
    """The encoders of `state`, compiled if wanted and possible, and a word on the outcome.

    A copy of the query encoder is tried first, forward and backward, so that a compiler that fails is found before
    training starts. `images` is the shape [B, C, H, W] of a batch.

    Where a step calls an encoder twice before its backward pass, as `symmetric` does, it is no CUDA graph: a graph's
    second call overwrites what the first one left for that pass.
    """
    as_they_are = Networks(state.query_encoder, state.key_encoder)
    wanted = config.compile == "always" or (config.compile == "auto" and numerics.device.type == "cuda")
    if not wanted:
        return as_they_are, EAGER
    if numerics.device.type == "cpu" and not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        warnings.warn("no C++ compiler found: running without torch.compile", stacklevel=2)
        return as_they_are, f"{EAGER} (no C++ compiler)"
    graphs = numerics.device.type == "cuda" and not called_twice
    try:
        _try_out(copy.deepcopy(state.query_encoder), numerics, images, graphs)
    except Exception as error:  # whatever a compiler of another machine may raise
        warnings.warn(f"torch.compile failed, running without it: {str(error).splitlines()[0]}", stacklevel=2)
        return as_they_are, f"{EAGER} (compiler failed)"
    query, key = (_compile(encoder, graphs) for encoder in (state.query_encoder, state.key_encoder))
    return Networks(query, key, graphs=graphs), COMPILED


def _try_out(encoder: nn.Module, numerics: Numerics, images: torch.Size, graphs: bool) -> None:
    example = torch.zeros(images, device=numerics.device).contiguous(memory_format=numerics.memory_format)
    with numerics.autocast():
        output = _compile(encoder, graphs)(example)
    torch.autograd.backward(output.float().sum())


def _compile(module: nn.Module, graphs: bool) -> nn.Module:
    return cast(nn.Module, torch.compile(module, mode="reduce-overhead" if graphs else None))
