"""The two fingerprints of a run: of what shapes its weights, and of what shapes its metrics.

Both are sha256 of canonical JSON of the configuration *as requested*: `precision: auto` is the same run on any machine,
and what it resolved to is recorded beside the result. The data set enters by request, not by content, because its
hash is not known when the workflow's graph is built; the hash travels in the manifest and is compared there.
"""

from typing import Any

from moco_bench.files import sha256_of
from moco_bench.suite.config import (
    ContrastConfig,
    DatasetConfig,
    EncoderConfig,
    EvaluateConfig,
    RuleAll,
    Section,
    TrainConfig,
)

PROTOCOL = 3
"""Raised when a change of the code changes the numbers of a training run."""

EVALUATION_PROTOCOL = 2
"""Raised when a change of the code changes the numbers of an evaluation."""


def identity(section: Section) -> dict[str, Any]:
    """The part of a section that its results depend on: all but the fields marked `identity=False`."""
    values: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("identity") is False:
            continue
        value = getattr(section, name)
        values[name] = identity(value) if isinstance(value, Section) else value
    return _without_idle_keys(section, values)


def _without_idle_keys(section: Section, values: dict[str, Any]) -> dict[str, Any]:
    """Drop keys that the others switch off, so that two spellings of one run are one run."""
    idle: tuple[str, ...] = ()
    if isinstance(section, ContrastConfig):
        if section.dual_view in ("none", "symmetric"):
            idle += ("key_weight",)
        if section.dual_view != "symmetric":
            idle += ("enqueue",)
        if isinstance(section.negatives, RuleAll):
            idle += ("filter_warmup_steps",)
    elif isinstance(section, TrainConfig) and section.optimiser == "adamw":
        idle += ("sgd_momentum",)
    elif isinstance(section, EncoderConfig):
        if section.name != "resnet-compact":
            idle += ("width", "depth", "stem")
        if section.head == "linear":
            idle += ("hidden",)
    return {name: value for name, value in values.items() if name not in idle}


def pretraining_identity(
    *, dataset: DatasetConfig, encoder: EncoderConfig, contrast: ContrastConfig, train: TrainConfig, seed: int
) -> dict[str, Any]:
    """What the weights depend on, as plain values."""
    return {
        "protocol": PROTOCOL,
        "dataset": identity(dataset),
        "encoder": identity(encoder),
        "contrast": identity(contrast),
        "train": identity(train),
        "seed": seed,
    }


def pretraining_fingerprint(
    *, dataset: DatasetConfig, encoder: EncoderConfig, contrast: ContrastConfig, train: TrainConfig, seed: int
) -> str:
    """The fingerprint of a run's weights, 64 hexadecimal digits."""
    return sha256_of(pretraining_identity(dataset=dataset, encoder=encoder, contrast=contrast, train=train, seed=seed))


def evaluation_fingerprint(pretraining: str, evaluate: EvaluateConfig) -> str:
    """The fingerprint of a run's metrics: of its weights and of how they are evaluated."""
    return sha256_of({"pretraining": pretraining, "protocol": EVALUATION_PROTOCOL, "evaluate": identity(evaluate)})
