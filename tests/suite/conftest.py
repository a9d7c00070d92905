import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from moco_bench.errors import InputError
from moco_bench.suite.load import load_suite

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


@pytest.fixture
def refusal(raw: dict[str, Any], tmp_path: Path) -> Callable[[str, Any], str]:
    """`refusal("train.epochs", 0)`: the one line that the suite with this value is refused with."""

    def of(path: str, value: Any) -> str:
        *parents, last = path.split(".")
        section = raw
        for key in parents:
            section = section.setdefault(key, {})
        section[last] = value
        file = tmp_path / "suite.yaml"
        file.write_text(yaml.safe_dump(raw, sort_keys=False))
        with pytest.raises(InputError) as caught:
            load_suite(file)
        said = str(caught.value)
        assert "\n" not in said
        assert said.startswith(str(file))
        return said

    return of
