"""A run's training history: one row per epoch."""

import math
from pathlib import Path
from typing import Any

import torch

from moco_bench.components.negatives import All, Negatives
from moco_bench.contrast.diagnostics import negative_diagnostics
from moco_bench.contrast.gradient_share import key_gradient_share
from moco_bench.contrast.pairs import AtStep
from moco_bench.files import write_csv
from moco_bench.suite.config import ContrastConfig
from moco_bench.train.state import Progress, TrainingState
from moco_bench.train.step import StepResult

COLUMNS = (
    "epoch", "step", "train_loss", "query_loss", "key_loss", "learning_rate", "positive_similarity",
    "negative_similarity", "false_negative_rate_kept", "false_negative_rate_dropped", "kept_mass", "warmup_share",
    "key_gradient_share", "embedding_std", "knn_top1", "images_per_second", "seconds",
)  # fmt: skip
DIAGNOSES_PER_EPOCH = 5
COLLAPSED_BELOW = 0.01
"""Embedding spread below which embeddings have collapsed to a point; evenly spread ones have 1."""

EpochRow = dict[str, float | int | None]


class UnreadSteps:
    """Steps whose losses are still on the device, where reading one would wait for all work before it.

    They are read together, so that a GPU always has steps ahead of it.
    """

    def __init__(self) -> None:
        self._rates: list[float] = []
        self._losses: dict[str, list[torch.Tensor]] = {}

    def __len__(self) -> int:
        return len(self._rates)

    def add(self, result: StepResult, learning_rate: float) -> None:
        """Add a step."""
        self._rates.append(learning_rate)
        for name in ("loss", "query_loss", "key_loss"):
            value = getattr(result, name)
            if value is not None:
                self._losses.setdefault("train_loss" if name == "loss" else name, []).append(value)

    def read(self, progress: Progress, seconds: list[float]) -> int | None:
        """Read all losses and add them to the sums of their epoch, with the `seconds` of each of the steps.

        Returns:
            How many steps ago the training loss was first not finite; None where it always was.
        """
        if len(self) == 0:
            return None
        values = {name: torch.stack(losses).tolist() for name, losses in self._losses.items()}
        sums = progress.epoch_sums
        for name, numbers in values.items():
            sums.setdefault(name, []).extend(numbers)
        sums["learning_rate"] = [self._rates[-1]]
        sums.setdefault("seconds", []).extend(seconds)
        broken = [place for place, loss in enumerate(values["train_loss"]) if not math.isfinite(loss)]
        ago = len(self) - broken[0] if broken else None
        self._rates, self._losses = [], {}
        return ago


def note_diagnosis(
    state: TrainingState,
    query: torch.Tensor,
    key: torch.Tensor,
    *,
    contrast: ContrastConfig,
    negatives: Negatives | AtStep | None,
    sample_index: torch.Tensor,
    labels: torch.Tensor,
) -> None:
    """Add similarities, false-negative rates and the key term's gradient of one batch, before its keys are enqueued.

    This is the one place where training's files meet labels [N]: they are compared, written down, and go nowhere else.
    """
    sums, queue_index = state.progress.epoch_sums, state.queue.sample_index
    queue_labels = torch.where(queue_index >= 0, labels[queue_index.clamp_min(0)], -1)
    tensors = (query, key, state.queue.keys)
    asked: dict[str, Any] = {"temperature": contrast.temperature, "negatives": negatives}
    if contrast.mask_same_sample:
        asked |= {"sample_index": sample_index, "queue_index": queue_index}
    found = negative_diagnostics(*tensors, **asked, sample_labels=labels[sample_index], queue_labels=queue_labels)
    for name, value in found.items():
        _append(sums, name, value)
    if not isinstance(contrast.negatives, All):
        # In an epoch in which the filter's warm-up ends, rates and mass are means over steps with and without it.
        _append(sums, "warmup_share", float(negatives is None))
    query_queue = state.query_queue.keys if state.query_queue is not None else None
    share = key_gradient_share(*tensors, **asked, objective=contrast.loss, query_queue=query_queue)
    _append(sums, "key_gradient_share", share)
    _append(sums, "embedding_std", embedding_spread(query))


def embedding_spread(embeddings: torch.Tensor) -> float:
    """Standard deviation over a batch of unit rows [B, D], averaged over dimensions and scaled by sqrt(D).

    1 where embeddings cover the sphere evenly, 0 where they have collapsed to a point (Chen & He, arXiv 2011.10566,
    section 4.1).
    """
    return float(embeddings.float().std(dim=0).mean() * math.sqrt(embeddings.shape[1]))


def close_epoch(progress: Progress, *, epoch: int, batch_size: int) -> EpochRow:
    """Turn the sums into the epoch's row, append it to the history and start anew."""
    sums = progress.epoch_sums
    seconds = sum(sums["seconds"])
    row: EpochRow = {name: sum(sums[name]) / len(sums[name]) if sums.get(name) else None for name in COLUMNS}
    row.update(
        epoch=epoch,
        step=progress.step,
        learning_rate=sums["learning_rate"][0],
        images_per_second=len(sums["seconds"]) * batch_size / seconds,
        seconds=seconds,
    )
    progress.history.append(row)
    progress.epoch_sums = {}
    return row


def why_collapsed(row: EpochRow) -> str | None:
    """Why training is pointless after an epoch (its embeddings collapsed), or None."""
    spread = row["embedding_std"]
    if spread is not None and spread < COLLAPSED_BELOW:
        return f"collapsed: embeddings had a spread of {spread:.2g} in epoch {row['epoch']} (1 is even, 0 a point)"
    return None


def write_history(path: Path, rows: list[EpochRow]) -> None:
    """Write the history as CSV; an empty field is a quantity that doesn't exist in that run."""
    write_csv(path, COLUMNS, ([row.get(name) for name in COLUMNS] for row in rows))


def _append(sums: dict[str, list[float]], name: str, value: float | None) -> None:
    if value is not None:
        sums.setdefault(name, []).append(value)
