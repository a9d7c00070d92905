"""The parts of a training step, and stand-ins that observe them in an unmodified step.

`training_step` gets its encoders and its gradient scaler from outside. The stand-ins here do what the originals do and
say when they are called, so the step that is profiled is the one that trains, and training pays nothing for it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from moco_bench.train.state import TrainingState
from moco_bench.train.step import Networks

DATA = "data"
DATA_WAIT = "data_wait"
"""Replaces `data` where images aren't on the device: waiting for the thread that gathers them, and the copy."""

AUGMENTATION = "augmentation"
MOMENTUM_UPDATE = "momentum_update"
QUERY_FORWARD = "query_forward"
KEY_FORWARD = "key_forward"
LOSS = "loss"
BACKWARD = "backward"
OPTIMISER = "optimiser"
QUEUE = "queue"

PARTS = (
    DATA, DATA_WAIT, AUGMENTATION, MOMENTUM_UPDATE, QUERY_FORWARD, KEY_FORWARD, LOSS, BACKWARD, OPTIMISER, QUEUE,
)  # fmt: skip
"""All parts in order of first appearance in a step; some appear twice with `symmetric`."""

Mark = Callable[[str], None]
"""Called with the part that begins; the previous part ends there."""


def unmarked(part: str) -> None:
    """Ignore the part: the mark of steps that are not observed."""


def observed(state: TrainingState, networks: Networks, mark: Mark) -> tuple[TrainingState, Networks]:
    """The same state and networks, with stand-ins that call `mark` when a part begins.

    What comes after an encoder's call, normalisation included, counts as the loss until the next call.
    """
    watched = replace(state, scaler=_ObservedScaler(state.scaler, mark))
    query = _ObservedNetwork(networks.query, QUERY_FORWARD, mark)
    key = _ObservedNetwork(networks.key, KEY_FORWARD, mark)
    return watched, replace(networks, query=query, key=key)


class _ObservedNetwork(nn.Module):
    def __init__(self, network: nn.Module, part: str, mark: Mark) -> None:
        super().__init__()
        self._network, self._part, self._mark = network, part, mark

    def forward(self, images: Tensor) -> Tensor:
        self._mark(self._part)
        embedding: Tensor = self._network(images)
        self._mark(LOSS)
        return embedding


class _ObservedScaler(torch.amp.GradScaler):
    """A scaler that marks the parts: backward begins when the loss is scaled, and ends when the optimiser steps.

    It has the original's attributes, not a copy of them: what a step learns about the scale is there for the next one.
    """

    def __init__(self, scaler: torch.amp.GradScaler, mark: Mark) -> None:
        self.__dict__ = scaler.__dict__
        self._told = mark

    def scale(self, outputs: Any) -> Any:
        self._told(BACKWARD)
        return super().scale(outputs)

    def step(self, optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> float | None:
        self._told(OPTIMISER)
        return super().step(optimizer, *args, **kwargs)
