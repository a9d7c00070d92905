"""What the benchmark measures, and for how long."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

from moco_bench.components.augmentations import MocoRecipe
from moco_bench.errors import InputError
from moco_bench.suite.config import ContrastConfig, EncoderConfig
from moco_bench.suite.identity.run import identity

ENCODERS = {
    # The head of MoCo v2, which is lightly's MoCoProjectionHead.
    "resnet18-cifar": EncoderConfig.model_validate({"name": "resnet18-cifar", "head": "mlp"}),
    "resnet-compact": EncoderConfig.model_validate(
        {"name": "resnet-compact", "width": 16, "stem": "patch2", "head": "mlp"}
    ),
}
QUICK_BATCH_SIZES = {"resnet18-cifar": 64, "resnet-compact": 256}
LOSSES = 2
"""Number of rules whose loss is timed, each at two queue lengths that share its time."""
SETUP_SECONDS = 60.0
"""Seconds of a quick benchmark for imports, FLOP counts, matmuls and the losses' memory."""


@dataclass(frozen=True)
class Workload:
    """What is computed. Figures of two benchmarks are comparable where it is equal.

    Attributes:
        batch_sizes: B by encoder; its keys are the encoders that are measured.
        contrast: queue, temperature and momentum, of all contenders.
        augment: how all contenders draw their views.
        data: `random`, or the name of a data set.
        images: how many random ones; a data set is taken whole.
        loss_batch: B of the loss on its own.
        loss_queue: K of the loss on its own.
        short_loss_queue: K at which streaming can't save memory worth the name, and must cost no time either.
        product_side: of the matrices whose product is the ceiling: large enough that arithmetic bounds it.
    """

    batch_sizes: dict[str, int]
    contrast: ContrastConfig = field(default_factory=ContrastConfig)
    augment: MocoRecipe = field(default_factory=MocoRecipe)
    data: str = "random"
    images: int = 4096
    loss_batch: int = 256
    loss_queue: int = 65536
    short_loss_queue: int = 4096
    product_side: int = 2048

    def plain(self) -> dict[str, Any]:
        """Plain values, equal to those read back from JSON, with the encoders spelt out."""
        values = {
            "batch_sizes": dict(self.batch_sizes),
            "encoders": {name: identity(ENCODERS[name]) for name in self.batch_sizes},
            "contrast": identity(self.contrast),
            "augment": identity(self.augment),
            "data": self.data,
            "images": self.images if self.data == "random" else None,
            "loss_batch": self.loss_batch,
            "loss_queue": self.loss_queue,
            "short_loss_queue": self.short_loss_queue,
            "product_side": self.product_side,
        }
        plain: dict[str, Any] = json.loads(json.dumps(values))  # tuples become lists, as they do in a file
        return plain


@dataclass(frozen=True)
class Timing:
    """How the contenders are timed.

    Attributes:
        rounds: turns of each contender.
        steps: timed training steps of a turn.
        warmup_steps: steps before these, in every turn.
        seconds: after which no further round of an encoder, or of a loss, is begun.
        threads: of the training process.
        workers: processes that load data for a contender with a DataLoader.
    """

    rounds: int
    steps: int
    warmup_steps: int
    seconds: float
    threads: int
    workers: int


def workload(encoders: tuple[str, ...] = tuple(ENCODERS), *, quick: bool = False, data: str = "random") -> Workload:
    """The usual sizes; `quick` takes smaller batches of the large encoder.

    Raises:
        InputError: an encoder isn't one of `ENCODERS`.
    """
    unknown = [name for name in encoders if name not in ENCODERS]
    if unknown:
        raise InputError(f"no encoder {unknown[0]!r} in this benchmark; it has {', '.join(ENCODERS)}")
    return Workload({name: QUICK_BATCH_SIZES[name] if quick else 256 for name in encoders}, data=data)


def timing(cores: int, encoder_count: int, *, quick: bool = False) -> Timing:
    """The usual rounds for a machine with this many cores; with `quick` the whole benchmark takes five minutes."""
    if quick:
        seconds = (360.0 - SETUP_SECONDS) / (encoder_count + LOSSES)
        return Timing(
            rounds=5, steps=_whole_turns(2, cores), warmup_steps=1, seconds=seconds, threads=cores, workers=cores
        )
    return Timing(rounds=9, steps=_whole_turns(8, cores), warmup_steps=2, seconds=3600.0, threads=cores, workers=cores)


def _whole_turns(steps: int, workers: int) -> int:
    """The number of steps, rounded up to a multiple of `workers`, so that each worker has an equal share.

    Workers that start together deliver together: steps timed between two deliveries would get their batches for free.
    """
    return math.ceil(steps / workers) * workers
