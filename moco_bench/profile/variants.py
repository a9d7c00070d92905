"""Variants of a run with one quantity changed, for sweeps."""

from dataclasses import replace
from typing import Any

from moco_bench.contrast.chunks import STORED_PAIRS
from moco_bench.contrast.negatives.selection import takes_passes
from moco_bench.suite.config.profile import GrowthConfig
from moco_bench.suite.runs import Run

BATCH_SIZE, QUEUE_SIZE, FRACTION, DIMENSION, WIDTH, ENCODER = (
    "batch_size", "queue_size", "fraction", "dimension", "width", "encoder",
)  # fmt: skip


def sweeps(config: GrowthConfig) -> dict[str, tuple[Any, ...]]:
    """The quantities that a suite varies, with their values; quantities without values are left out."""
    asked: dict[str, tuple[Any, ...]] = {
        BATCH_SIZE: config.batch_sizes,
        QUEUE_SIZE: config.queue_sizes,
        FRACTION: config.fractions,
        DIMENSION: config.dimensions,
        WIDTH: config.widths,
        ENCODER: config.encoders,
    }
    return {name: values for name, values in asked.items() if values}


def uncompiled(run: Run) -> Run:
    """The run without torch.compile, as memory is measured: no meter sees inside compiled passes."""
    return replace(run, train=run.train.model_copy(update={"compile": "never"}))


def pairs_of_a_step(run: Run) -> int:
    """Similarities of a batch with the queue, B x K."""
    return run.train.batch_size * run.contrast.queue_size


def stores_similarities(run: Run) -> bool:
    """Whether the rule stores a step's similarities, or computes them again in each pass over the queue."""
    size = run.contrast.queue_size
    return takes_passes(run.contrast.negatives.ranks(size, 1.0), size) and pairs_of_a_step(run) <= STORED_PAIRS


def variant(run: Run, quantity: str, value: Any) -> Run | None:
    """The run with `quantity` at `value`; None where the run has no such quantity.

    A batch larger than the queue takes the queue along: no step could put its keys into a smaller one.
    """
    train, contrast, encoder = run.train, run.contrast, run.encoder
    if quantity == BATCH_SIZE:
        keys = value * contrast.keys_per_image
        queue = max(contrast.queue_size, keys)
        return replace(
            run,
            train=train.model_copy(update={"batch_size": value}),
            contrast=contrast.model_copy(update={"queue_size": queue}),
        )
    if quantity == QUEUE_SIZE:
        return replace(run, contrast=contrast.model_copy(update={"queue_size": value}))
    if quantity == FRACTION:
        if getattr(contrast.negatives, "fraction", None) is None:
            return None
        rule = contrast.negatives.model_copy(update={"fraction": value})
        return replace(run, contrast=contrast.model_copy(update={"negatives": rule}))
    if quantity == DIMENSION:
        return replace(run, encoder=encoder.model_copy(update={"dimension": value}))
    if quantity == WIDTH:
        if "width" not in type(encoder.backbone).model_fields:
            return None
        backbone = encoder.backbone.model_copy(update={"width": value})
        return replace(run, encoder=encoder.model_copy(update={"backbone": backbone}))
    if quantity == ENCODER:
        return replace(run, encoder=value)
    raise ValueError(f"no such quantity: {quantity!r}")
