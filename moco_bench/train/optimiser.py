"""The optimiser of a run."""

import inspect
from typing import Any, TypeVar

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from moco_bench.suite.config import TrainConfig

Kind = TypeVar("Kind", bound=Optimizer)
MARKED_FOR_THE_COMPILER = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def build_optimiser(train: TrainConfig, encoder: nn.Module) -> Optimizer:
    """PyTorch's AdamW or SGD over all parameters of the encoder, with the settings of `train`."""
    shared: dict[str, Any] = {"lr": train.learning_rate, "weight_decay": train.weight_decay, "foreach": True}
    if train.optimiser == "adamw":
        return _uncompiled(AdamW)(encoder.parameters(), **shared)
    return _uncompiled(SGD)(encoder.parameters(), momentum=train.sgd_momentum, **shared)


def _uncompiled(kind: type[Kind]) -> type[Kind]:
    """The same optimiser without PyTorch's marks for its compiler, which is never given an optimiser here.

    The marks import the compiler (`torch._dynamo`): 1.3 of the 4 processor seconds that a run took to start.
    """
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in MARKED_FOR_THE_COMPILER}
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), {**methods, "step": step})
