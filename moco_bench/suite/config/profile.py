"""What `moco-bench profile` measures of a suite's arms, and how thoroughly."""

from typing import Annotated

from pydantic import Field

from moco_bench.components.base import Count, Fraction, Positive, Settings
from moco_bench.suite.config import EncoderConfig

SweptSizes = Annotated[tuple[Count, ...], Field(max_length=32)]


class GrowthConfig(Settings):
    """Sweeps of one quantity each, the others as the arm has them."""

    batch_sizes: SweptSizes = Field((), description="B, images of a step.")
    queue_sizes: SweptSizes = Field((), description="K, keys of the queue.")
    fractions: Annotated[tuple[Fraction, ...], Field(max_length=32)] = Field(
        (), description="k/K, of arms whose rule keeps a fraction."
    )
    dimensions: SweptSizes = Field((), description="D, length of an embedding.")
    widths: SweptSizes = Field((), description="Channels of the first stage, of `resnet-compact`.")
    encoders: Annotated[tuple[EncoderConfig, ...], Field(max_length=16)] = Field(
        (), description="Further encoders, in the same spelling as the suite's."
    )
    repeats: int = Field(5, ge=1, le=100, description="Rounds over all arms, for each value.")
    steps: int = Field(
        2, ge=1, le=1000, description="Timed steps of an arm in each round, of which the fastest counts."
    )


class ProfileConfig(Settings):
    """Memory and time of one training step of every arm, measured alone on the machine."""

    repeats: int = Field(
        20,
        ge=2,
        le=1000,
        description="Rounds over all arms: many short ones, so that drifts of the machine hit all arms alike.",
    )
    steps: Annotated[int, Field(ge=1, le=10_000)] = Field(
        3,
        description="Timed steps of an arm in each round, of which the fastest counts: as many again are timed part by "
        "part.",
    )
    warmup_steps: int = Field(1, ge=1, le=1000, description="Steps before these that are not counted.")
    evaluation: bool = Field(True, description="Measure the memory of an evaluation, too.")
    growth: GrowthConfig | None = Field(None, description="How cost grows with batch, queue, k/K, D and encoder.")
    memory_limit_mib: Positive | None = Field(
        None, description="Find the largest batch of each arm whose step fits into this memory."
    )
    claim_queue_sizes: SweptSizes = Field(
        (), description="Queues at which the loss is compared with two that hold logits."
    )
    leak_steps: int = Field(
        0, ge=0, le=1_000_000, description="Steps of every arm over which memory must not grow; 0 leaves the check out."
    )
