"""Requirement for runs with an idea: interrupted and resumed, a run ends with the same bytes as without."""

import hashlib
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import torch

from moco_bench.components.base import Component
from moco_bench.data.datasets import DataSet, channel_statistics
from moco_bench.data.splits import Split
from moco_bench.errors import Interrupted
from moco_bench.suite.config import ContrastConfig, DatasetConfig, EncoderConfig, EvaluateConfig, TrainConfig
from moco_bench.suite.runs import Run
from moco_bench.train.pretrain import pretrain
from moco_bench.train.state import hash_of_weights

BATCH, IMAGES, KEYS, EPOCHS, STOPPED_AFTER = 8, 24, 40, 2, 4
STATEFUL = ("augmentation", "backbone", "head", "negatives", "objective")
"""Kinds that take part in a step; data sets and metrics come before and after training."""


def check_resume(idea: Component) -> None:
    """Train six steps at once, and four and two with a checkpoint in between: weights, queue and draws are the same."""
    assert idea.kind in STATEFUL, f"a {idea.kind} takes no part in a training step"
    run = _run_of(idea)
    dataset = _images(max(16, run.encoder.backbone.smallest_image))
    with tempfile.TemporaryDirectory(prefix="moco-bench-resume-") as folder:
        whole = _trained(run, dataset, Path(folder, "whole"))
        steps = count(1)
        with suppress(Interrupted):
            _trained(run, dataset, Path(folder, "parts"), lambda: next(steps) == STOPPED_AFTER)
        resumed = _trained(run, dataset, Path(folder, "parts"))
    for name, value in whole.items():
        assert resumed[name] == value, f"{name}: a resumed run must end with the bytes of an undisturbed one"


def _run_of(idea: Component) -> Run:
    contrast: dict[str, Any] = {"queue_size": KEYS}
    encoder = EncoderConfig.model_validate({"name": "resnet-compact", "width": 8, "dimension": 8})
    train: dict[str, Any] = {
        "epochs": EPOCHS, "batch_size": BATCH, "learning_rate": 0.01, "precision": "float32", "device": "cpu",
        "compile": "never", "channels_last": False,
    }  # fmt: skip
    if idea.kind == "objective" and getattr(idea, "reading", False):
        contrast |= {"dual_view": idea.title(), **idea.settings()}
    elif idea.kind in ("objective", "negatives"):
        contrast[idea.kind] = idea
    elif idea.kind == "augmentation":
        train["augment"] = idea
    else:
        encoder = encoder.model_copy(update={"backbone" if idea.kind == "backbone" else "projection": idea})
    return Run(
        suite="resume",
        dataset=DatasetConfig.model_validate({"name": "digits"}),
        encoder=encoder,
        arm="idea",
        contrast=ContrastConfig.model_validate(contrast),
        train=TrainConfig.model_validate(train),
        evaluate=EvaluateConfig(),
        seed=0,
    )


def _trained(run: Run, dataset: DataSet, checkpoints: Path, stop: Any = lambda: False) -> dict[str, Any]:
    """Weights, queue and draws of a training, by name."""
    state = pretrain(run, dataset, checkpoints, stop_requested=stop).state
    progress = state.progress
    return {
        "the query encoder": hash_of_weights(state.query_encoder),
        "the key encoder": hash_of_weights(state.key_encoder),
        "the queue": hash_of_weights(state.queue),
        "the optimiser": [_hash(value) for value in _tensors(state.optimiser.state_dict())],
        "the losses": [(row["train_loss"], row["query_loss"], row["key_loss"]) for row in progress.history],
        "the draws of the views": progress.augment_hash.state,
        "why it failed": progress.failed,
    }


def _hash(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.detach().contiguous().numpy().tobytes()).hexdigest()


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [tensor for part in parts for tensor in _tensors(part)]


def _images(side: int) -> DataSet:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (IMAGES, 3, side, side), generator=generator, dtype=torch.uint8)
    split = Split(images, torch.arange(IMAGES) % 4)
    mean, std = channel_statistics(images)
    return DataSet("random", tuple("abcd"), split, split, "test", mean, std, "0" * 64)
