"""Which evaluation images a run got right, for each image and metric, read from `metrics.json`.

`evaluate/outcomes.py` writes them:

    "images": {"count": N, "class_counts": [...], "correct": {METRIC: base64 of N packed bits},
               "class_correct": {METRIC: [...]},
               "counts": {METRIC: {"of": 12, "right": base64 of a byte for each image}}}

The last, where a metric is a mean over several versions of each image.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Parts = NDArray[np.float64]
KEY = "images"


@dataclass(frozen=True)
class Outcomes:
    """Which evaluation images one run got right.

    `correct`: by metric, how often the class of each image that the metric asks for was found, 0 to 1. `class_counts`
    are the images of each class [C], `class_correct` by metric how many of them were right [C].
    """

    correct: Mapping[str, Parts]
    class_counts: NDArray[np.int64]
    class_correct: Mapping[str, NDArray[np.int64]]


def read_outcomes(metrics: Mapping[str, Any]) -> Outcomes | None:
    """The outcomes in the content of a `metrics.json`; None if they are missing or damaged."""
    held = metrics.get(KEY)
    try:
        if not isinstance(held, Mapping):
            return None
        count = int(held["count"])
        classes = np.array(held["class_counts"], dtype=np.int64)
        correct = {name: _bits(text, count) for name, text in held["correct"].items()}
        several = {name: _parts(entry) for name, entry in held.get("counts", {}).items()}
        by_class = {name: np.array(counts, dtype=np.int64) for name, counts in held["class_correct"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        return None
    whole = all(
        name in correct and counts.shape == classes.shape and counts.sum() == correct[name].sum()
        for name, counts in by_class.items()
    )
    return Outcomes({**correct, **several}, classes, by_class) if whole and classes.sum() == count else None


def _parts(entry: Mapping[str, Any]) -> Parts:
    right = np.frombuffer(base64.b64decode(entry["right"], validate=True), dtype=np.uint8)
    if not len(right) or right.max() > entry["of"]:
        raise ValueError("more right than were asked")
    return right / int(entry["of"])


def _bits(text: str, count: int) -> Parts:
    raw = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    bits = np.unpackbits(raw)
    if len(raw) != (count + 7) // 8:
        raise ValueError("not as many bits as images")
    return bits[:count].astype(np.float64)
