"""Whatever arrays an npz file holds: a data set whose labels fit its images, or one line that says what is wrong."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from moco_bench.data.datasets import load_dataset
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig

IN_CI, IN_SOAK = 150, int(os.environ.get("MOCO_BENCH_INPUTS", "5000")) // 5

dtypes = st.one_of(
    *(arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(), arrays.floating_dtypes(), arrays.boolean_dtypes()),
    *(arrays.unicode_string_dtypes(max_len=3), arrays.byte_string_dtypes(max_len=3), arrays.datetime64_dtypes()),
    *(arrays.complex_number_dtypes(), st.just(np.dtype([("a", "u1"), ("b", "f4")])), st.just(np.dtype(object))),
)
shapes = st.one_of(
    arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3),
    st.tuples(st.integers(0, 7), *[st.sampled_from((1, 3, 7, 8, 9, 12))] * 2),
    st.tuples(st.integers(0, 7), *[st.sampled_from((1, 3, 4, 8, 12))] * 3),
)


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """A whole data set with some of its arrays replaced or left out."""
    random = np.random.default_rng(0)
    content: dict[str, Any] = {
        "x_train": random.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8),
        "y_train": np.arange(12) % 3,
        "x_test": random.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8),
        "y_test": np.arange(6) % 3,
        "classes": np.array(["a", "b", "c"]),
    }
    for key in draw(st.lists(st.sampled_from(sorted(content)), min_size=1, max_size=3)):
        action = draw(st.sampled_from(("shape", "labels", "type", "absent")))
        if action == "absent":
            content.pop(key, None)
        elif action == "labels":
            labels = st.integers(-2, 3) | st.sampled_from((255, 2**31, 2**62))
            content[key] = np.array(draw(st.lists(labels, max_size=12)), np.int64)
        else:
            dtype = np.dtype(np.uint8) if action == "shape" else draw(dtypes)
            content[key] = np.zeros(draw(shapes), dtype)
    return content


def check(content: dict[str, Any], folder: Path, limit: int | None, validation: float) -> None:
    np.savez(folder / "own.npz", **content)
    config = DatasetConfig(name="npz", path=str(folder / "own.npz"), train_limit=limit, validation=validation)
    try:
        dataset = load_dataset(config)
    except InputError as error:
        message = str(error)
        assert message.isprintable()
        return
    for split in (dataset.train, dataset.evaluation):
        assert split.images.dtype == torch.uint8
        assert split.images.ndim == 4
        assert split.images.shape[1] in (1, 3)
        assert len(split.images) == len(split.labels) > 0
        assert split.labels.min() >= 0
        assert split.labels.max() < len(dataset.classes)
    assert all(np.isfinite(dataset.mean))
    assert all(deviation > 0 for deviation in dataset.std)


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


limits = st.none() | st.integers(1, 13)
fractions = st.sampled_from((0.0, 0.0, 0.01, 0.2, 0.5))


@examples(IN_CI)
@given(files(), limits, fractions)
def test_any_arrays(tmp_path: Path, content: dict[str, Any], limit: int | None, validation: float) -> None:
    check(content, tmp_path, limit, validation)


@pytest.mark.soak
@examples(IN_SOAK)
@given(files(), limits, fractions)
def test_thousands_of_any_arrays(tmp_path: Path, content: dict[str, Any], limit: int | None, validation: float) -> None:
    check(content, tmp_path, limit, validation)
