"""Fixtures of all tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Require = Callable[[Path, str], Path]


@pytest.fixture(scope="session")
def require_data() -> Require:
    """A function that returns a path, or skips the test where it is absent and says what to do.

    Where MOCO_BENCH_REQUIRE_DATA=1 promises that all data are there, the test fails instead.
    """

    def require(path: Path, advice: str) -> Path:
        if path.exists():
            return path
        message = f"{path} is absent: {advice}"
        if os.environ.get("MOCO_BENCH_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)

    return require


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Where real data lie: MOCO_BENCH_DATA, or the repository's `data`."""
    return Path(os.environ.get("MOCO_BENCH_DATA", Path(__file__).parents[1] / "data"))


@pytest.fixture(scope="session")
def real_data(data_folder: Path, require_data: Require) -> Path:
    """A folder with real CIFAR-10, `cifar-10-batches-py`, as torchvision unpacks it."""
    require_data(data_folder / "cifar-10-batches-py", "set MOCO_BENCH_DATA to a folder with CIFAR-10")
    return data_folder
