"""The two fingerprints of a run: of all that determines its weights, and of all that determines its metrics.

Both are sha256 of canonical JSON of the configuration *as requested*: `precision: auto` is the same run on any machine,
and what it resolved to is recorded beside the result. The data set enters by request, not by content, because its
hash is not known when the workflow's graph is built; the hash travels in the manifest and is compared there.
"""

from collections.abc import Mapping
from typing import Any

from moco_bench.components.base import Component, Settings
from moco_bench.errors import InputError
from moco_bench.files import canonical_json, sha256_of
from moco_bench.suite.config import ContrastConfig, DatasetConfig, EncoderConfig, TrainConfig
from moco_bench.suite.identity.spelt_out import SPELT_OUT
from moco_bench.suite.on_disk.checkpoint_file import hash_of_checkpoint

PROTOCOL = 4
"""Raised when a change of the code changes the numbers of a training run."""

EVALUATION_PROTOCOL = 3
"""Raised when a change of the code changes the numbers of an evaluation."""


def identity(section: Settings) -> dict[str, Any]:
    """The part of a section that its results depend on.

    Left out are fields marked `identity=False`, those that others switch off, and those at their defaults, unless they
    are as old as `SPELT_OUT`: a field that is added later, with what was done before as its default, changes nothing.
    """
    values: dict[str, Any] = {}
    cls, idle = type(section), section.idle_keys()
    spelt_out = SPELT_OUT.get(cls.__name__, ()) if cls.__module__.startswith("moco_bench.") else ()
    for name, field in cls.model_fields.items():
        extra = field.json_schema_extra
        if name in idle or (isinstance(extra, dict) and extra.get("identity") is False):
            continue
        value = getattr(section, name)
        if name in cls.INLINE:
            if value is None:
                continue
            own = identity(value)
            values |= {f"{name}_code" if key == "code" else key: own[key] for key in own}
            continue
        named = isinstance(section, Component) and name == section.tag and not section.unnamed
        if not named and name not in spelt_out and value == field.get_default(call_default_factory=True):
            continue
        values[name] = _identity_of_value(value)
    if isinstance(section, Component) and section.code is not None:
        values["code"] = section.code
        try:
            canonical_json(values)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{section.title()}: a setting can't be written down ({error}); numbers, texts, lists and mappings can"
            ) from None
    return values


def _identity_of_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_identity_of_value(part) for part in value)
    return identity(value) if isinstance(value, Settings) else value


_KNOWN: dict[int, tuple[Settings, dict[str, Any]]] = {}
"""Identities of sections by their object: the runs of a large grid share a few. Sections never change."""


def known_identity(section: Settings) -> dict[str, Any]:
    """`identity`, found once for each section."""
    found = _KNOWN.get(id(section))
    if found is None or found[0] is not section:
        if len(_KNOWN) > 1000:
            _KNOWN.clear()
        found = _KNOWN[id(section)] = (section, identity(section))
    return found[1]


def pretraining_identity(
    *, dataset: DatasetConfig, encoder: EncoderConfig, contrast: ContrastConfig, train: TrainConfig, seed: int
) -> dict[str, Any]:
    """All that determines the weights, as plain values.

    Weights that were trained elsewhere are known by their file's content; the views are drawn when they are evaluated.
    """
    if encoder.checkpoint is not None:
        file = {"sha256": hash_of_checkpoint(encoder.checkpoint.of_seed(seed))}
        return {
            "protocol": PROTOCOL,
            "dataset": known_identity(dataset),
            "encoder": {**identity(encoder), "checkpoint": {**identity(encoder.checkpoint), "file": file}},
            "augment": identity(train.augment),
            "seed": seed,
        }
    return {
        "protocol": PROTOCOL,
        "dataset": known_identity(dataset),
        "encoder": known_identity(encoder),
        "contrast": known_identity(contrast),
        "train": known_identity(train),
        "seed": seed,
    }


def evaluation_fingerprint(pretraining: str, evaluate: Mapping[str, Any]) -> str:
    """The fingerprint of a run's metrics: of its weights and of the `identity` of how they are evaluated."""
    return sha256_of({"pretraining": pretraining, "protocol": EVALUATION_PROTOCOL, "evaluate": evaluate})
