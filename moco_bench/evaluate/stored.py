"""Evaluations stored beside the checkpoints, so that a run's training process can evaluate its encoder, too.

Starting a process costs seconds of importing torch. The training process therefore evaluates at once and leaves the
result under its evaluation fingerprint; the workflow's own evaluation step takes it from there, and computes only
where the settings or the weights have changed since.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from moco_bench.data.datasets import DataSet
from moco_bench.evaluate.metrics import evaluate_encoder
from moco_bench.files import sealed, write_json
from moco_bench.models.encoder import Encoder
from moco_bench.suite.runs import Run
from moco_bench.train.state import hash_of_weights


def store_evaluation(
    run: Run,
    encoder: Encoder,
    dataset: DataSet,
    device: torch.device,
    checkpoints: Path,
    tell: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """Evaluate `encoder` as `run` wants it, keep the result with the hash of the weights, and return it.

    `tell` is told of the parts of the work, as in `evaluate_encoder`.
    """
    metrics = evaluate_encoder(
        encoder, dataset, run.evaluate, augment=run.train.augment, seed=run.seed, device=device, tell=tell
    )
    metrics = sealed({"evaluation_fingerprint": run.evaluation_fingerprint, "data_sha256": dataset.sha256, **metrics})
    write_json(run.stored_evaluation(checkpoints), {"encoder": hash_of_weights(encoder), "metrics": metrics})
    return metrics
