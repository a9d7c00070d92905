"""Which evaluation images an encoder got right: one bit for each image and metric, for `metrics.json`.

From them the analysis says how far a difference would change with other test images, and for which classes it holds.
"""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


def packed_outcomes(predicted: Mapping[str, Tensor], labels: Tensor, classes: int) -> dict[str, Any]:
    """Outcomes as plain JSON, of the class that each metric's classifier found, int64 [N], and the true ones.

    Returns:
        `count` of images, `class_counts`, and by metric `correct` (base64 of N bits, the first image in the highest
        bit of the first byte) and `class_correct`.
    """
    true = labels.cpu()
    correct = {name: found.cpu() == true for name, found in predicted.items()}
    return {
        "count": len(true),
        "class_counts": torch.bincount(true, minlength=classes).tolist(),
        "correct": {name: _base64(bits) for name, bits in correct.items()},
        "class_correct": {
            name: torch.bincount(true[bits], minlength=classes).tolist() for name, bits in correct.items()
        },
    }


def packed_counts(right: Tensor, of: int) -> dict[str, Any]:
    """How often each image was right, uint8 [N], for a metric that is a mean over `of` versions of it, at most 255.

    Returns:
        `of`, and `right`: base64 of a byte for each image.
    """
    return {"of": of, "right": base64.b64encode(right.numpy().tobytes()).decode("ascii")}


def _base64(bits: Tensor) -> str:
    return base64.b64encode(np.packbits(bits.numpy()).tobytes()).decode("ascii")
