"""Variants of a run with one quantity changed, for sweeps."""

from dataclasses import replace
from typing import Any

import torch

from moco_bench.contrast.chunks import stored_pairs
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
    return _with(run, "train", compile="never")


def _with(run: Run, section: str, **changes: Any) -> Run:
    return replace(run, **{section: getattr(run, section).model_copy(update=changes)})


def pairs_of_a_step(run: Run) -> int:
    """Similarities of a batch with the queue, B x K."""
    return run.train.batch_size * run.contrast.queue_size


def stores_similarities(run: Run, device: torch.device) -> bool:
    """Whether the rule stores a step's similarities, or computes them again in each pass over the queue."""
    size = run.contrast.queue_size
    return takes_passes(run.contrast.negatives.ranks(size, 1.0), size) and pairs_of_a_step(run) <= stored_pairs(device)


def variant(run: Run, quantity: str, value: Any) -> Run | None:
    """The run with `quantity` at `value`; None where the run has no such quantity.

    A batch larger than the queue takes the queue along: no step could put its keys into a smaller one.
    """
    contrast = run.contrast
    if quantity == BATCH_SIZE:
        queue = max(contrast.queue_size, value * contrast.keys_per_image)
        return _with(_with(run, "train", batch_size=value), "contrast", queue_size=queue)
    if quantity == QUEUE_SIZE:
        return _with(run, "contrast", queue_size=value)
    if quantity == FRACTION:
        if getattr(contrast.negatives, "fraction", None) is None:
            return None
        return _with(run, "contrast", negatives=contrast.negatives.model_copy(update={"fraction": value}))
    if quantity == DIMENSION:
        return _with(run, "encoder", dimension=value)
    if quantity == WIDTH:
        if "width" not in type(run.encoder.backbone).model_fields:
            return None
        return _with(run, "encoder", backbone=run.encoder.backbone.model_copy(update={"width": value}))
    if quantity == ENCODER:
        return replace(run, encoder=value)
    raise ValueError(f"no such quantity: {quantity!r}")
