import copy
from typing import Any

import pytest

_SUITE: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "encoder": {"name": "resnet-compact", "width": 8},
    "contrast": {"queue_size": 256},
    "train": {"epochs": 2, "batch_size": 64},
    "evaluate": {"knn_k": 20},
    "seeds": 2,
    "arms": {
        "vanilla": None,
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": {"rule": "hardest", "fraction": 0.25}}},
    },
}


@pytest.fixture
def raw() -> dict[str, Any]:
    """The plain values of a small valid suite, to be changed at will."""
    return copy.deepcopy(_SUITE)
