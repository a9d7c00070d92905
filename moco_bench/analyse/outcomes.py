"""Which evaluation images a run got right: one bit for each image and metric, read from `metrics.json`.

`evaluate/outcomes.py` writes them:

    "images": {"count": N, "class_counts": [...], "correct": {METRIC: base64 of N packed bits},
               "class_correct": {METRIC: [...]}}
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
KEY = "images"


@dataclass(frozen=True)
class Outcomes:
    """Of one run.

    Attributes:
        correct: by metric, for each evaluation image [N] whether its class was found.
        class_counts: evaluation images of each class [C].
        class_correct: by metric, how many of them were right [C].
    """

    correct: Mapping[str, Bits]
    class_counts: NDArray[np.int64]
    class_correct: Mapping[str, NDArray[np.int64]]


def read_outcomes(metrics: Mapping[str, Any]) -> Outcomes | None:
    """The outcomes in the content of a `metrics.json`; None where there are none, or damaged ones."""
    held = metrics.get(KEY)
    try:
        if not isinstance(held, Mapping):
            return None
        count = int(held["count"])
        classes = np.array(held["class_counts"], dtype=np.int64)
        correct = {name: _bits(text, count) for name, text in held["correct"].items()}
        by_class = {name: np.array(counts, dtype=np.int64) for name, counts in held["class_correct"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        return None
    whole = all(
        name in correct and counts.shape == classes.shape and counts.sum() == correct[name].sum()
        for name, counts in by_class.items()
    )
    return Outcomes(correct, classes, by_class) if whole and classes.sum() == count else None


def _bits(text: str, count: int) -> Bits:
    raw = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    bits = np.unpackbits(raw)
    if len(raw) != (count + 7) // 8:
        raise ValueError("not as many bits as images")
    return np.asarray(bits[:count], dtype=np.bool_)
