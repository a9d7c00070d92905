"""All that changes during a run, and so is stored in checkpoints."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from moco_bench.contrast.queue import KeyQueue
from moco_bench.errors import InputError
from moco_bench.measure.stopwatch import StepTimes
from moco_bench.models.encoder import Encoder, build_encoder
from moco_bench.suite.runs import Run
from moco_bench.train.optimiser import build_optimiser
from moco_bench.train.precision import Numerics
from moco_bench.train.randomness import ChainedHash, stream, stream_seed


@dataclass
class Progress:
    """Progress of a run: numbers only, all of them in the checkpoint."""

    step: int = 0
    failed: str | None = None
    history: list[dict[str, float | int | None]] = field(default_factory=list)
    epoch_sums: dict[str, list[float]] = field(default_factory=dict)
    order_hash: ChainedHash = field(default_factory=ChainedHash)
    augment_hash: ChainedHash = field(default_factory=ChainedHash)
    times: StepTimes = field(default_factory=StepTimes)
    peak_memory_mib: float = 0.0
    foreign_load: list[tuple[float, float]] = field(default_factory=list)
    """(seconds, foreign share) of each attempt."""
    joules: list[float | None] = field(default_factory=list)
    """Energy of each attempt, of the whole processor and device; None where it can't be read."""

    def state_dict(self) -> dict[str, Any]:
        """Progress as plain values."""
        return {
            **vars(self),
            "order_hash": self.order_hash.state,
            "augment_hash": self.augment_hash.state,
            "times": vars(self.times),
        }

    @classmethod
    def from_state_dict(cls, state: dict[str, Any]) -> "Progress":
        """Progress from the values of `state_dict`."""
        return cls(
            **{
                **state,
                "order_hash": ChainedHash(state["order_hash"]),
                "augment_hash": ChainedHash(state["augment_hash"]),
                "times": StepTimes(**state["times"]),
                "foreign_load": [tuple(pair) for pair in state["foreign_load"]],
            }
        )


@dataclass
class TrainingState:
    """Encoders, queues, optimiser and progress of one run.

    The key encoder begins as a copy of the query encoder. `query_queue` is there for the reading `query-queue` alone.
    """

    query_encoder: Encoder
    key_encoder: Encoder
    queue: KeyQueue
    query_queue: KeyQueue | None
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    progress: Progress

    def state_dict(self) -> dict[str, Any]:
        """The whole state as tensors and plain values."""
        return {
            "query_encoder": self.query_encoder.state_dict(),
            "key_encoder": self.key_encoder.state_dict(),
            "queue": self.queue.state_dict(),
            "query_queue": self.query_queue.state_dict() if self.query_queue is not None else None,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "progress": self.progress.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state from `state_dict`, in objects of the same configuration."""
        self.query_encoder.load_state_dict(state["query_encoder"])
        self.key_encoder.load_state_dict(state["key_encoder"])
        self.queue.load_state_dict(state["queue"])
        if self.query_queue is not None:
            self.query_queue.load_state_dict(state["query_queue"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.progress = Progress.from_state_dict(state["progress"])


def initial_state(run: Run, numerics: Numerics, *, channels: int, image_size: int) -> TrainingState:
    """The state before the first step; equal for all arms of a seed that share encoder and queue."""
    query_encoder = initial_encoder(run, channels=channels, image_size=image_size)
    key_encoder = initial_encoder(run, channels=channels, image_size=image_size)
    for parameter in key_encoder.parameters():
        parameter.requires_grad_(False)
    numerics.place(query_encoder)
    numerics.place(key_encoder)
    contrast, dimension = run.contrast, run.encoder.dimension
    queue = KeyQueue(contrast.queue_size, dimension, stream(run.seed, "queue")).to(numerics.device)
    query_queue = None
    if contrast.loss.needs_query_queue:
        query_queue = KeyQueue(contrast.queue_size, dimension, stream(run.seed, "query-queue")).to(numerics.device)
    scaler = torch.amp.GradScaler(numerics.device.type, enabled=numerics.precision == "float16")
    return TrainingState(
        query_encoder, key_encoder, queue, query_queue, build_optimiser(run.train, query_encoder), scaler, Progress()
    )


def initial_encoder(run: Run, *, channels: int, image_size: int) -> Encoder:
    """The encoder as a run's seed initialises it."""
    return build_encoder(
        run.encoder, channels=channels, image_size=image_size, seed=stream_seed(run.seed, "initialisation")
    )


def trained_encoder(run: Run, path: Path, hashes: dict[str, Any], *, channels: int, image_size: int) -> Encoder:
    """The trained encoder of a run, with the weights at `path`, whose hash must be the `encoder` of `hashes`.

    Raises:
        InputError: the file is missing, damaged, or of another run.
    """
    encoder = initial_encoder(run, channels=channels, image_size=image_size)
    try:
        encoder.load_weights(load(path.read_bytes()))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run `pretrain` again") from None
    except (SafetensorError, RuntimeError):  # not the format, or not this network's names and shapes
        raise InputError(f"{path}: damaged; remove {path.parent} and run `pretrain` again") from None
    if hash_of_weights(encoder) != hashes.get("encoder"):
        raise InputError(
            f"{path}: not the weights that run.json describes; remove {path.parent} and run `pretrain` again"
        )
    return encoder


def hash_of_weights(module: nn.Module) -> str:
    """sha256 over names, shapes and bits of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
